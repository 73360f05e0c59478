#include "imds/cache.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "files.h"

namespace {

constexpr auto kVmId = "02aab8a4-74ef-476e-8182-f6d2ba4166a6";

observed::NodeNetwork cached(const std::string& vm_id = kVmId) {
  observed::NodeNetwork node;
  node.identity.vm_id = vm_id;
  node.nics.push_back({.mac = *net::MacAddress::parse("000D3AF806EC"),
                       .addresses = {*net::Address::parse("10.240.0.4"), *net::Address::parse("fd00::4")},
                       .subnets = {}});
  node.nics.push_back({.mac = *net::MacAddress::parse("0022483F7A18"),
                       .addresses = {*net::Address::parse("10.241.0.4")},
                       .subnets = {}});
  return node;
}

net::Link link(const std::string& mac, const std::vector<std::string>& addresses) {
  net::Link link;
  link.name = "eth0";
  link.mac = *net::MacAddress::parse(mac);
  for (const auto& text : addresses) {
    link.addresses.push_back({.address = *net::Address::parse(text), .prefix_length = 24});
  }
  return link;
}

TEST(SameVm, TheProductUuidDecidesInEitherByteOrder) {
  const struct {
    const char* uuid;
    bool same;
  } cases[] = {
      {"02aab8a4-74ef-476e-8182-f6d2ba4166a6", true},  {"02AAB8A4-74EF-476E-8182-F6D2BA4166A6", true},
      {"a4b8aa02-ef74-6e47-8182-f6d2ba4166a6", true},  {"A4B8AA02-EF74-6E47-8182-F6D2BA4166A6", true},
      {"a4b8aa02-74ef-476e-8182-f6d2ba4166a6", false},  // one field swapped alone
      {"02aab8a4-74ef-476e-8281-f6d2ba4166a6", false},  // the fourth is never swapped
      {"02aab8a4-74ef-476e-8182-f6d2ba4166a7", false}, {"12345678-74ef-476e-8182-f6d2ba4166a6", false},
  };
  for (const auto& [uuid, same] : cases) {
    SCOPED_TRACE(uuid);
    EXPECT_EQ(imds::same_vm(cached(), uuid, {}), same);
    EXPECT_EQ(imds::same_vm(cached("02AAB8A4-74EF-476E-8182-F6D2BA4166A6"), uuid, {}), same);
  }
}

TEST(SameVm, AnotherUuidIsNotOutweighedByAFamiliarNic) {
  const std::vector links = {link("00:0d:3a:f8:06:ec", {"10.240.0.4"})};
  EXPECT_FALSE(imds::same_vm(cached(), "11111111-2222-3333-4444-555555555555", links));
  EXPECT_FALSE(imds::same_vm(cached(""), kVmId, links));
  EXPECT_FALSE(imds::same_vm(cached("\xc3\xa9"
                                    "7fdbfc4-2deb-4a4e-8615-ea6aaf50162e"),
                             kVmId, links));
}

TEST(SameVm, WithoutAUsableUuidALinkMustHaveTheMacAndAnAddressOfOneNic) {
  const struct {
    const char* name;
    std::vector<net::Link> links;
    bool same;
  } cases[] = {
      {"both", {link("00:0d:3a:f8:06:ec", {"10.240.0.4"})}, true},
      {"both of the second NIC", {link("00:22:48:3f:7a:18", {"192.0.2.1", "10.241.0.4"})}, true},
      {"IPv6 address", {link("00:0d:3a:f8:06:ec", {"fd00::4"})}, true},
      {"the VF first, without addresses",
       {link("00:0d:3a:f8:06:ec", {}), link("00:0d:3a:f8:06:ec", {"10.240.0.4"})},
       true},
      {"MAC alone", {link("00:0d:3a:f8:06:ec", {"10.240.0.5"})}, false},
      {"address alone: a copy in another subnet of the same plan",
       {link("00:0d:3a:11:22:33", {"10.240.0.4"})},
       false},
      {"MAC of one NIC, address of the other", {link("00:0d:3a:f8:06:ec", {"10.241.0.4"})}, false},
      {"MAC and address on two links",
       {link("00:0d:3a:f8:06:ec", {}), link("00:0d:3a:11:22:33", {"10.240.0.4"})},
       false},
      {"no link", {}, false},
  };
  const std::optional<std::string> unusable[] = {std::nullopt, "", "Not Settable",
                                                 "00000000-0000-0000-0000-000000000000",
                                                 "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"};
  for (const auto& uuid : unusable) {
    for (const auto& [name, links, same] : cases) {
      SCOPED_TRACE(std::string(name) + ", UUID " + uuid.value_or("unreadable"));
      EXPECT_EQ(imds::same_vm(cached(), uuid, links), same);
    }
  }
}

TEST(ProductUuid, IsReadWithoutItsNewline) {
  const test_support::Folder folder;
  write_file(folder.path() / "product_uuid", "02AAB8A4-74EF-476E-8182-F6D2BA4166A6\n");
  EXPECT_EQ(imds::product_uuid(folder.path() / "product_uuid"), "02AAB8A4-74EF-476E-8182-F6D2BA4166A6");
}

TEST(ProductUuid, IsAbsentWhereItCannotBeRead) {
  const test_support::Folder folder;
  EXPECT_EQ(imds::product_uuid(folder.path() / "missing"), std::nullopt);
  EXPECT_EQ(imds::product_uuid(folder.path()), std::nullopt);
  write_file(folder.path() / "empty", "\n");
  EXPECT_EQ(imds::product_uuid(folder.path() / "empty"), std::nullopt);
}

}  // namespace
