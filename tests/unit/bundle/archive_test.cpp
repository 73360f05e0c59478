#include "agent/bundle/archive.h"

#include <gmock/gmock.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <random>

#include "agent/bundle/bundle.h"
#include "tests/support/folder.h"

namespace agent {
namespace {

using testing::HasSubstr;

const net::WallTime kTime{std::chrono::seconds(1'796'012'345)};

std::string packed(const Files& files) { return pack("folder", files, kTime).value(); }

TEST(Archive, ComesBackAsItWas) {
  std::string noise(100'000, '\0');
  std::minstd_rand random(7);
  for (auto& byte : noise) byte = static_cast<char>(random());
  const Files files = {{"empty", ""}, {"block", std::string(512, 'x')}, {"noise", noise}, {"text", "line\n"}};
  const auto read = unpack(packed(files));
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(*read, files);
}

TEST(Archive, IsReadByTar) {
  const test_support::Folder folder;
  folder.write("a.tar.gz", packed({{"one.txt", "first\n"}, {"two.txt", "second\n"}}));
  const auto command = "tar --extract --gzip --to-stdout --file " + (folder / "a.tar.gz").string() +
                       " folder/two.txt && tar tvzf " + (folder / "a.tar.gz").string();
  std::string said;
  auto* tar = ::popen(command.c_str(), "r");
  for (int byte = std::fgetc(tar); byte != EOF; byte = std::fgetc(tar))
    said.push_back(static_cast<char>(byte));
  EXPECT_EQ(::pclose(tar), 0);
  EXPECT_THAT(said, testing::StartsWith("second\n-rw------- "));
  EXPECT_THAT(said, HasSubstr("2026-11-30"));
}

TEST(Archive, ThatIsNoneOrHalfOfOneIsRefused) {
  const auto whole = packed({{"text", std::string(10'000, 'x')}});
  for (const auto& text :
       {std::string(), std::string("no gzip"), whole.substr(0, whole.size() / 2), whole.substr(1)})
    EXPECT_EQ(unpack(text).error().code.value(), EBADMSG);
  auto flipped = whole;
  flipped[whole.size() / 2] = static_cast<char>(flipped[whole.size() / 2] ^ 0x55);
  EXPECT_FALSE(unpack(flipped).has_value());
}

TEST(Archive, ThatUnpacksToGigabytesIsReadNoFurtherThanTheLimit) {
  // 70 MiB of nothing are 70 kB.
  const auto bomb = [] {
    const test_support::Folder folder;
    const auto command = "head -c 73400320 /dev/zero | gzip -c > " + (folder / "bomb").string();
    EXPECT_EQ(std::system(command.c_str()), 0);
    std::ifstream file(folder / "bomb", std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }();
  EXPECT_LT(bomb.size(), 200'000U);
  EXPECT_EQ(unpack(bomb).error().code.value(), EFBIG);
}

TEST(Archive, OfMoreThanTheLimitIsNotMade) {
  EXPECT_EQ(pack("folder", {{"large", std::string(kLargestArchive + 1, 'x')}}, kTime).error().code.value(),
            EFBIG);
}

TEST(BundleName, IsAFileNameWhateverTheNodeIsCalled) {
  EXPECT_EQ(bundle_name("aks-vmss00000a", kTime), "calico-azure-agent-aks-vmss00000a-20261130T041905Z");
  EXPECT_EQ(bundle_name("../../etc;rm -rf", kTime), "calico-azure-agent-.._.._etc_rm_-rf-20261130T041905Z");
  EXPECT_EQ(bundle_name("", kTime), "calico-azure-agent-20261130T041905Z");
}

}  // namespace
}  // namespace agent
