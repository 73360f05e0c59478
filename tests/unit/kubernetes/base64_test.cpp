#include "kubernetes/kubeconfig.h"

#include <gtest/gtest.h>

namespace {

TEST(Base64, IsDecoded) {
  const struct {
    const char* text;
    const char* bytes;
  } cases[] = {{"", ""},
               {"Zg==", "f"},
               {"Zm8=", "fo"},
               {"Zm9v", "foo"},
               {"Zm9vYg==", "foob"},
               {"Zm9v\r\nYmE=\n", "fooba"},
               {"Zm9vYmFy", "foobar"},
               {"+/+/", "\xfb\xff\xbf"}};
  for (const auto& [text, bytes] : cases) EXPECT_EQ(kubernetes::from_base64(text), bytes) << text;
}

TEST(Base64, NothingElseIs) {
  for (const char* text :
       {"Z", "Zg", "Zg=", "Z===", "Zg==Zg==", "====", "=", "Zm9-", "Zm9_", "Zm9\x80", "Zm9v="}) {
    EXPECT_FALSE(kubernetes::from_base64(text)) << text;
  }
}

}  // namespace
