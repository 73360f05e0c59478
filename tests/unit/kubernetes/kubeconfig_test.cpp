#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <string>

#include "kubernetes/kubernetes.h"
#include "tests/support/folder.h"

namespace {

using kubernetes::find_access;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::string kubeconfig(const std::string& cluster, const std::string& user) {
  return "apiVersion: v1\nkind: Config\ncurrent-context: here\n"
         "contexts:\n- name: there\n  context: {cluster: x, user: x}\n- name: here\n  context: {cluster: c, "
         "user: u}\n"
         "clusters:\n- name: c\n  cluster: {" +
         cluster + "}\nusers:\n- name: u\n  user: {" + user + "}\n";
}

TEST(Kubeconfig, TheKubeletsIsUnderstood) {
  const test_support::Folder folder;
  folder.write("pki/kubelet-client-current.pem", "both");
  // As kubeadm writes it.
  const auto file = folder.write("kubelet.conf", R"(apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: Y2E=
    server: https://10.0.0.4:6443
  name: default-cluster
contexts:
- context:
    cluster: default-cluster
    namespace: default
    user: default-auth
  name: default-context
current-context: default-context
kind: Config
preferences: {}
users:
- name: default-auth
  user:
    client-certificate: pki/kubelet-client-current.pem
    client-key: )" + (folder.path() / "pki/kubelet-client-current.pem").string() +
                                                     "\n");
  const auto access = find_access(file.string());
  ASSERT_TRUE(access) << access.error().what;
  EXPECT_EQ(access->server, "https://10.0.0.4:6443");
  EXPECT_EQ(access->identity.ca_pem, "ca");
  EXPECT_EQ(access->identity.client_certificate_pem, "both");
  EXPECT_EQ(access->identity.client_key_pem, "both");
  EXPECT_EQ(access->token, "");
  EXPECT_EQ(access->source, file.string());
}

TEST(Kubeconfig, FilesAreReadAnew) {
  const test_support::Folder folder;
  folder.write("token", "one\n");
  const auto file =
      folder.write("config", kubeconfig("server: 'https://h'", "tokenFile: token, token: other"));
  EXPECT_EQ(find_access(file.string())->token, "one");
  folder.write("token", "two");
  EXPECT_EQ(find_access(file.string())->token, "two");
}

TEST(Kubeconfig, DataCountsBeforeFilesAndJsonIsFine) {
  const test_support::Folder folder;
  const auto file = folder.write("config",
                                 "{\"current-context\":\"k\",\"contexts\":[{\"name\":\"k\",\"context\":{"
                                 "\"cluster\":\"c\",\"user\":\"u\"}}],"
                                 "\"clusters\":[{\"name\":\"c\",\"cluster\":{\"server\":\"https://h:1/"
                                 "\",\"certificate-authority-data\":\"Y2E=\","
                                 "\"certificate-authority\":\"missing\",\"tls-server-name\":\"kubernetes\","
                                 "\"insecure-skip-tls-verify\":false}}],"
                                 "\"users\":[{\"name\":\"u\",\"user\":{\"client-certificate-data\":\"Y2VydA=="
                                 "\",\"client-key-data\":\"a2V5\","
                                 "\"token\":\"abc\"}}]}");
  const auto access = find_access(file.string());
  ASSERT_TRUE(access) << access.error().what;
  EXPECT_EQ(access->server, "https://h:1");
  EXPECT_EQ(access->identity.ca_pem, "ca");
  EXPECT_EQ(access->identity.server_name, "kubernetes");
  EXPECT_EQ(access->identity.client_certificate_pem, "cert");
  EXPECT_EQ(access->identity.client_key_pem, "key");
  EXPECT_EQ(access->token, "abc");
}

TEST(Kubeconfig, WhatCannotBeDoneIsSaidWithoutQuotingSecrets) {
  const auto good_cluster = std::string("server: 'https://h'");
  const auto good_user = std::string("token: secret");
  const struct {
    std::string text;
    int code;
    const char* why;
  } cases[] = {
      {kubeconfig(good_cluster + ", insecure-skip-tls-verify: true", good_user), EOPNOTSUPP,
       "insecure-skip-tls-verify"},
      {kubeconfig(good_cluster + ", insecure-skip-tls-verify: \"yes\"", good_user), EOPNOTSUPP,
       "insecure-skip"},
      {kubeconfig(good_cluster + ", insecure-skip-tls-verify: perhaps", good_user), EBADMSG, "insecure-skip"},
      {kubeconfig(good_cluster + ", proxy-url: 'http://secret@p'", good_user), EOPNOTSUPP, "proxy-url"},
      {kubeconfig("server: 'http://h'", good_user), EINVAL, "does not begin with https://"},
      {kubeconfig("server: 'https://admin:secret@h:6443'", good_user), EINVAL, "bears a user name"},
      {kubeconfig("server: 'https://h/c-1?x=secret'", good_user), EINVAL, "server with a query"},
      {kubeconfig("server: 'https://h/#secret'", good_user), EINVAL, "has a fragment"},
      {kubeconfig("a: b", good_user), EINVAL, "does not begin with https://"},
      {kubeconfig("server: [secret]", good_user), EBADMSG, "server that is no text"},
      {kubeconfig(good_cluster + ", certificate-authority-data: '!secret'", good_user), EBADMSG,
       "certificate-authority-data that is not base64"},
      {kubeconfig(good_cluster + ", certificate-authority: nowhere.crt", good_user), ENOENT, "nowhere.crt"},
      {kubeconfig(good_cluster + ", certificate-authority: empty", good_user), EINVAL, "empty"},
      {kubeconfig(good_cluster, "exec: {command: kubelogin, args: [secret]}"), EOPNOTSUPP, "by exec"},
      {kubeconfig(good_cluster, "auth-provider: {name: azure, config: {x: secret}}"), EOPNOTSUPP,
       "by auth-provider"},
      {kubeconfig(good_cluster, "username: u, password: secret"), EOPNOTSUPP, "by username"},
      {kubeconfig(good_cluster, "client-certificate-data: Y2VydA=="), EINVAL, "only one of"},
      {kubeconfig(good_cluster, "client-key-data: Y2VydA=="), EINVAL, "only one of"},
      {kubeconfig(good_cluster, "client-key-data: {a: secret}"), EBADMSG, "client-key-data that is no text"},
      {kubeconfig(good_cluster, "client-key-data: secret!"), EBADMSG, "not base64"},
      {kubeconfig(good_cluster, "tokenFile: nowhere"), ENOENT, "nowhere"},
      {kubeconfig(good_cluster, "tokenFile: empty"), EINVAL, "holds no token"},
      {kubeconfig(good_cluster, "tokenFile: large"), EFBIG, "larger than"},
      {kubeconfig(good_cluster, "token: [secret]"), EBADMSG, "token that is no text"},
      {kubeconfig(good_cluster, "a: secret"), EINVAL, "neither a client certificate nor a token"},
      {"{}", EINVAL, "no current-context"},
      {"", EINVAL, "no current-context"},
      {"secret", EINVAL, "no current-context"},
      {"[secret]", EINVAL, "no current-context"},
      {"current-context: [secret]", EBADMSG, "current-context that is no text"},
      {"current-context: here", EBADMSG, "no list of contexts"},
      {"current-context: here\ncontexts: secret", EBADMSG, "no list of contexts"},
      {"current-context: here\ncontexts: [secret, [], {name: []}]", EINVAL, "no context 'here'"},
      {"current-context: here\ncontexts: [{name: here}]", EBADMSG, "context 'here' without content"},
      {"current-context: here\ncontexts: [{name: here, context: {cluster: c, user: u}}]\nclusters: []",
       EINVAL, "no cluster 'c'"},
      {"current-context: here\ncontexts: [{name: here, context: {cluster: c, user: u}}]\n"
       "clusters: [{name: c, cluster: {server: 'https://h'}}]",
       EBADMSG, "no list of users"},
      {"a: 'secret", EBADMSG, "not YAML: line 1"},
      {"a: *secret", EBADMSG, "not YAML"},
      {std::string(100'000, '['), EBADMSG, "not YAML"},
      {std::string((std::size_t{1} << 20) + 1, ' '), EFBIG, "larger than 1024 KiB"},
  };
  const test_support::Folder folder;
  folder.write("empty", "");
  folder.write("large", std::string((std::size_t{1} << 20) + 1, 'x'));
  for (const auto& each : cases) {
    SCOPED_TRACE(each.text.substr(0, 400));
    const auto file = folder.write("config", each.text);
    const auto access = find_access(file.string());
    ASSERT_FALSE(access);
    EXPECT_EQ(access.error().code.value(), each.code) << access.error().what;
    EXPECT_THAT(access.error().what,
                AllOf(HasSubstr(file.string()), HasSubstr(each.why), Not(HasSubstr("secret"))));
  }
}

}  // namespace
