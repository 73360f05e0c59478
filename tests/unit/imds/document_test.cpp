#include "imds/answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "files.h"

namespace {

using testing::HasSubstr;

/// "MAC addresses | subnets", one line for each NIC: what the table compares.
std::string summary(const observed::NodeNetwork& node) {
  std::string text;
  for (const auto& nic : node.nics) {
    text += nic.mac.text();
    for (const auto& address : nic.addresses) text += " " + address.text();
    text += " |";
    for (const auto& subnet : nic.subnets) text += " " + subnet.text();
    text += "\n";
  }
  return text;
}

struct Expectation {
  const char* file;
  const char* nics;     ///< summary(), or null when the file must be refused
  const char* refusal;  ///< part of the sentence
};

// Written from the files by hand, not from the parser's output.
const Expectation kFiles[] = {
    {"acn_network_2025-07-24_compartment.json", nullptr, "gives none of its 2 interface(s) an address"},
    {"acn_network_ipv4_without_subnet.json", "00:00:5e:00:53:01 10.0.0.4 |\n", ""},
    {"acn_vmss_uniform_compute.json", nullptr, "has no \"network\""},
    {"agentbaker_aks_dualstack_node_interface.json",
     "00:0d:3a:98:da:20 10.224.0.4 fd85:534e:4cd6:ab02::5 | 10.224.0.0/16 fd85:534e:4cd6:ab02::/64\n", ""},
    {"agentbaker_single_nic.json", "7c:1e:52:3f:1e:b8 0.0.0.0 | 10.1.0.0/24\n", ""},
    {"agentbaker_multi_nic.json",
     "aa:aa:52:5b:a3:a7 0.0.0.0 | 10.10.10.0/27\n7c:1e:52:5a:aa:aa 1.1.1.1 | 11.11.11.0/27\n", ""},
    {"agentbaker_multi_nic_dualstack.json",
     "aa:aa:52:5b:a3:a7 0.0.0.0 fd00::1 | 10.10.10.0/27 fd00::/64\n"
     "7c:1e:52:5a:aa:aa 1.1.1.1 fd00::2 | 11.11.11.0/27 fd00::/64\n",
     ""},
    {"agentbaker_three_nic.json",
     "aa:aa:52:5b:a3:a7 0.0.0.0 | 10.10.10.0/24\n7c:ed:8d:8a:4d:ce 1.1.1.1 | 10.10.20.0/24\n"
     "bb:cc:11:dd:22:ee 2.2.2.2 | 10.10.30.0/24\n",
     ""},
    {"agentbaker_three_nic_dualstack.json",
     "aa:aa:52:5b:a3:a7 0.0.0.0 fd00::1 | 10.10.10.0/24 fd00::/64\n"
     "7c:ed:8d:8a:4d:ce 1.1.1.1 fd00::2 | 10.10.20.0/24 fd00::/64\n"
     "bb:cc:11:dd:22:ee 2.2.2.2 fd00::3 | 10.10.30.0/24 fd00::/64\n",
     ""},
    {"cloudinit_single_nic.json", "00:0d:3a:04:75:98 10.0.0.4 | 10.0.0.0/24\n", ""},
    {"cloudinit_secondary_nic_no_ip.json",
     "00:0d:3a:04:75:98 10.0.0.4 | 10.0.0.0/24\n22:0d:3a:04:75:98 | 10.0.1.0/24\n", ""},
    {"cloudinit_two_nic_v6subnet_network.json",
     "00:0d:3a:04:75:98 10.0.0.4 fd00::4 | 10.0.0.0/24 fd00::/64\n"
     "22:0d:3a:04:75:98 10.0.1.5 | 10.0.1.0/24\n",
     ""},
    {"cloudinit_multi_ipconfig_network.json",
     "00:0d:3a:04:75:98 10.0.0.4 11.0.0.5 12.0.0.6 2001:dead:beef::1 | 10.0.0.0/24 2000::/10\n", ""},
    {"cloudinit_v6_only_block_network.json",
     "00:0d:3a:04:75:98 2001:dead:beef::1 2001:dead:beef::2 | 2000::/10\n", ""},
    {"docs_full_linux_trimmed.json", "00:11:aa:ff:bb:22 10.144.133.132 | 10.144.133.128/26\n", ""},
    {"docs_network_dualstack.json",
     "00:0d:3a:f8:06:ec 10.1.0.4 b4bc:8fce:f33b:4990:cced:d94e:ab4f:6ea0 | 10.1.0.0/24 "
     "b4bc:8fce:f33b:4990::/64\n",
     ""},
    {"edge_empty_interface_network.json", nullptr, "lists no interface"},
    {"edge_no_network_key.json", nullptr, "has no \"network\""},
    {"edge_null_interface_network.json", nullptr, "has no list of interfaces"},
    {"error_400_api_version.json", nullptr, "holds an error instead of metadata: Bad request."},
    {"ohai_single_nic.json", "00:0d:3a:37:f0:80 10.0.1.6 | 10.0.1.0/24\n", ""},
    {"real_vm_2019_trimmed.json", "00:0d:3a:48:fa:8d 10.0.0.4 | 10.0.0.0/24\n", ""},
    {"real_vm_2020_trimmed.json", "00:22:48:3f:7a:18 10.0.0.5 | 10.0.0.0/24\n", ""},
    {"real_vmss_2017-04-02.json", "00:0d:3a:f9:ae:ca 10.0.0.5 | 10.0.0.0/16\n", ""},
    {"token_200.json", nullptr, "has no \"network\""},
    {"token_400_identity_not_found.json", nullptr, "holds an error instead of metadata: invalid_request"},
    {"walinuxagent_unicode.json", "00:0d:3a:33:82:e8 10.0.1.4 | 10.0.1.0/24\n", ""},
    {"walinuxagent_valid.json", "00:0d:3a:33:82:e8 10.0.1.4 | 10.0.1.0/24\n", ""},
};

TEST(Document, EverySampleGivesWhatItSaysOrIsRefusedForWhatItLacks) {
  for (const auto& [file, nics, refusal] : kFiles) {
    SCOPED_TRACE(file);
    const auto node = imds::parse(sample(file));
    if (nics != nullptr) {
      ASSERT_TRUE(node) << node.error().what;
      EXPECT_EQ(summary(*node), nics);
    } else {
      ASSERT_FALSE(node);
      EXPECT_EQ(node.error().code.value(), EBADMSG);
      EXPECT_THAT(node.error().what, HasSubstr(refusal));
    }
  }
}

TEST(Document, NoSampleIsLeftOutOfTheTable) {
  std::set<std::string> present;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(CAA_TEST_DATA) / "imds")) {
    if (entry.path().extension() == ".json") present.insert(entry.path().filename().string());
  }
  std::set<std::string> expected;
  for (const auto& each : kFiles) expected.insert(each.file);
  EXPECT_EQ(present, expected);
}

TEST(Document, IdentityComesFromCompute) {
  const auto node = imds::parse(sample("docs_full_linux_trimmed.json"));
  ASSERT_TRUE(node) << node.error().what;
  const observed::NodeIdentity expected = {
      .name = "examplevmname",
      .computer_name = "examplevmname",
      .vm_id = "02aab8a4-74ef-476e-8182-f6d2ba4166a6",
      .resource_id =
          "/subscriptions/xxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxx/resourceGroups/macikgo-test-may-23/providers/"
          "Microsoft.Compute/virtualMachines/examplevmname",
      .location = "westus",
      .vm_scale_set = "crpteste9vflji9",
      .environment = "AZUREPUBLICCLOUD"};
  EXPECT_EQ(node->identity, expected);
}

TEST(Document, ABareNetworkHasAnEmptyIdentity) {
  const auto node = imds::parse(sample("docs_network_dualstack.json"));
  ASSERT_TRUE(node) << node.error().what;
  EXPECT_EQ(node->identity, observed::NodeIdentity{});
}

/// One NIC with the given members besides its MAC.
net::Result<observed::NodeNetwork> with(const std::string& members) {
  return imds::parse(R"({"network":{"interface":[{"macAddress":"000D3AF806EC",)" + members + "}]}}");
}

struct Oddity {
  const char* name;
  const char* members;
  const char* nic;  ///< summary() behind the MAC
};

const Oddity kOddities[] = {
    {"numbers_and_booleans_are_taken",
     R"("ipv4":{"ipAddress":[{"privateIpAddress":"10.0.0.4"}],"subnet":[{"address":"10.0.0.0","prefix":24}]})",
     " 10.0.0.4 | 10.0.0.0/24"},
    {"white_space_around_values_is_no_part_of_them",
     R"("ipv4":{"ipAddress":[{"privateIpAddress":" 10.0.0.4\n"}],"subnet":[{"address":"10.0.0.0 ","prefix":" 24"}]})",
     " 10.0.0.4 | 10.0.0.0/24"},
    {"an_empty_address_is_skipped",
     R"("ipv4":{"ipAddress":[{"privateIpAddress":""},{"privateIpAddress":"10.0.0.5"}]})", " 10.0.0.5 |"},
    {"a_malformed_address_does_not_lose_the_others",
     R"("ipv4":{"ipAddress":[{"privateIpAddress":"10.0.0.256"},{},null,7,{"privateIpAddress":"10.0.0.5"}]})",
     " 10.0.0.5 |"},
    {"an_address_listed_twice_counts_once",
     R"("ipv4":{"ipAddress":[{"privateIpAddress":"10.0.0.5"},{"privateIpAddress":"10.0.0.5"}]})",
     " 10.0.0.5 |"},
    {"several_subnets_are_all_kept",
     R"("ipv4":{"ipAddress":[{"privateIpAddress":"10.0.1.5"}],"subnet":[{"address":"10.0.0.0","prefix":"24"},{"address":"10.0.1.0","prefix":"24"}]})",
     " 10.0.1.5 | 10.0.0.0/24 10.0.1.0/24"},
    {"a_malformed_subnet_does_not_lose_the_others",
     R"("ipv4":{"ipAddress":[{"privateIpAddress":"10.0.0.5"}],"subnet":[{"address":"10.0.0.0","prefix":"33"},{"address":"","prefix":"24"},{"address":"10.0.0.0","prefix":"24x"},{"address":"10.0.0.0"},{"address":"10.0.0.0","prefix":"25"}]})",
     " 10.0.0.5 | 10.0.0.0/25"},
    {"the_whole_internet_is_no_subnet",
     R"("ipv4":{"ipAddress":[{"privateIpAddress":"10.0.0.5"}],"subnet":[{"address":"0.0.0.0","prefix":"0"}]})",
     " 10.0.0.5 |"},
    {"absurd_numbers_are_no_prefix_length",
     R"("ipv4":{"ipAddress":[{"privateIpAddress":"10.0.0.5"}],"subnet":[{"address":"10.0.0.0","prefix":99999999999999999999},{"address":"10.0.0.0","prefix":-24},{"address":"10.0.0.0","prefix":24.5}]})",
     " 10.0.0.5 |"},
    {"host_bits_of_a_subnet_are_cleared",
     R"("ipv6":{"ipAddress":[{"privateIpAddress":"fd00::4"}],"subnet":[{"address":"fd00::ff","prefix":"64"}]})",
     " fd00::4 | fd00::/64"},
    {"an_ipv6_subnet_that_is_given_is_used",
     R"("ipv6":{"ipAddress":[{"privateIpAddress":"fd00::4"}],"subnet":[{"address":"fd00::","prefix":"120"}]})",
     " fd00::4 | fd00::/120"},
    {"ipv6_addresses_of_one_64_bring_it_once",
     R"("ipv6":{"ipAddress":[{"privateIpAddress":"fd00::4"},{"privateIpAddress":"FD00:0:0:0::5"},{"privateIpAddress":"fd00:0:0:1::6"}]})",
     " fd00::4 fd00::5 fd00:0:0:1::6 | fd00::/64 fd00:0:0:1::/64"},
    {"an_ipv6_subnet_that_does_not_parse_is_derived_instead",
     R"("ipv6":{"ipAddress":[{"privateIpAddress":"fd00::4"}],"subnet":[{"address":"fd00::","prefix":"129"}]})",
     " fd00::4 | fd00::/64"},
    {"null_blocks_are_empty_blocks",
     R"("ipv6":null,"ipv4":{"subnet":null,"ipAddress":[{"privateIpAddress":"10.0.0.4"}]})", " 10.0.0.4 |"},
};

TEST(Document, OddValuesAreTakenOrLeftOutOneByOne) {
  for (const auto& [name, members, nic] : kOddities) {
    SCOPED_TRACE(name);
    const auto node = with(members);
    ASSERT_TRUE(node) << node.error().what;
    EXPECT_EQ(summary(*node), "00:0d:3a:f8:06:ec" + std::string(nic) + "\n");
  }
}

TEST(Document, AnInterfaceWithoutAMacIsSkippedAndTheOthersKeepTheirOrder) {
  const auto node = imds::parse(R"([
      {"macAddress":"22:22:22:22:22:22","ipv4":{"ipAddress":[{"privateIpAddress":"10.0.0.2"}]}},
      {"macAddress":"","ipv4":{"ipAddress":[{"privateIpAddress":"10.0.0.3"}]}},
      {"ipv4":{"ipAddress":[{"privateIpAddress":"10.0.0.4"}]}},
      null, "eth0", [],
      {"macAddress":"11-11-11-11-11-11","ipv4":{"ipAddress":[{"privateIpAddress":"10.0.0.1"}]}}])");
  ASSERT_TRUE(node) << node.error().what;
  EXPECT_EQ(summary(*node), "22:22:22:22:22:22 10.0.0.2 |\n11:11:11:11:11:11 10.0.0.1 |\n");
}

struct Refusal {
  const char* document;
  const char* sentence;
};

const Refusal kRefusals[] = {
    {"", "not valid JSON"},
    {"<html>", "not valid JSON at byte 1"},
    {"null", "is no object"},
    {"7", "is no object"},
    {"{}", "has no \"network\""},
    {R"({"network":null})", "has an empty \"network\""},
    {R"({"network":{}})", "has no list of interfaces"},
    {R"({"network":{"interface":{}}})", "has no list of interfaces"},
    {"[]", "lists no interface"},
    {"[null]", "gives none of its 1 interface(s) a MAC address"},
    {R"([{"macAddress":"zz"}])", "gives none of its 1 interface(s) a MAC address"},
    {R"([{"macAddress":"000D3AF806EC","ipv4":{"ipAddress":[{"privateIpAddress":""}]}}])",
     "gives none of its 1 interface(s) an address"},
    {R"([{"macAddress":"","ipv4":{"ipAddress":[{"privateIpAddress":"10.0.0.4"}]}},{"macAddress":"000D3AF806EC"}])",
     "gives none of its 1 interface(s) an address"},
    {R"({"network":{"interface":[]},"network":{"interface":[]}})", "the key \"network\" stands twice"},
    {R"({"a":{"b":1,"b":2}})", "the key \"b\" stands twice"},
    {"{\"name\":\"\xff\xfe\"}", "not valid JSON"},
    {"{\"\xc3\":1}", "not valid JSON"},
    {"[1e999]", "not valid JSON"},
    {R"({"network":{"interface":[)", "not valid JSON"},
    {"[] []", "not valid JSON"},
};

TEST(Document, WhatCannotBeUsedIsRefusedWithTheReason) {
  for (const auto& [document, sentence] : kRefusals) {
    SCOPED_TRACE(document);
    const auto node = imds::parse(document);
    ASSERT_FALSE(node);
    EXPECT_EQ(node.error().code.value(), EBADMSG);
    EXPECT_THAT(node.error().what, HasSubstr(sentence));
  }
}

TEST(Document, NestingIsLimitedWhateverItsDepth) {
  for (const std::size_t depth : {std::size_t{33}, std::size_t{1'000'000}}) {
    const auto node = imds::parse(std::string(depth, '['));
    ASSERT_FALSE(node);
    EXPECT_THAT(node.error().what, HasSubstr("nested deeper than 32 levels"));
  }
  const auto just_fits = imds::parse(std::string(32, '[') + std::string(32, ']'));
  ASSERT_FALSE(just_fits);
  EXPECT_THAT(just_fits.error().what, HasSubstr("MAC address"));
}

TEST(Document, SentencesHoldNothingThatAJournalCannotShow) {
  const auto node = imds::parse("{\"error\":\"a\\u0007b\\u00e9\\n" + std::string(1000, 'x') + "\"}");
  ASSERT_FALSE(node);
  const auto& what = node.error().what;
  EXPECT_THAT(what, HasSubstr("a?b\xc3\xa9 xxx"));
  EXPECT_LT(what.size(), 300U);
  EXPECT_TRUE(std::none_of(what.begin(), what.end(), [](char c) { return c == '\n' || c == '\a'; })) << what;
}

TEST(Document, NamesSteerNoTerminalAndEndNoLine) {
  const auto node =
      imds::parse(R"({"compute": {"name": "a\u001b[31mb", "location": "c\u009b2Kd\r\ne", "vmId": "f\u202eg",
    "resourceId": "/subscriptions/s\u200b", "vmScaleSetName": "h\u007f", "azEnvironment": "i\ufeff",
    "osProfile": {"computerName": "j\u2028k"}},
    "network": {"interface": [{"macAddress": "000D3AF806EC", "ipv4": {"ipAddress": [{"privateIpAddress": "10.0.0.4"}]}}]}})");
  ASSERT_TRUE(node) << node.error().what;
  EXPECT_EQ(node->identity, (observed::NodeIdentity{.name = "a?[31mb",
                                                    .computer_name = "j k",
                                                    .vm_id = "f?g",
                                                    .resource_id = "/subscriptions/s?",
                                                    .location = "c?2Kd e",
                                                    .vm_scale_set = "h?",
                                                    .environment = "i?"}));
}

}  // namespace
