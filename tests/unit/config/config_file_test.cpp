// What a configuration file can be before any key of it is looked at: text that is no TOML, a path that is no
// file.
#include <gmock/gmock.h>

#include <chrono>
#include <filesystem>
#include <string>

#include "tests/unit/config/scratch_file.h"

namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

TEST(ConfigText, TextThatIsNotTomlHasAPosition) {
  // The words behind the position are toml++'s own and differ between its versions.
  EXPECT_THAT(errors_of("mode = \"udr\"\nmode = \"flannel\"\n"), ElementsAre(StartsWith("config.toml:2:")));
  EXPECT_THAT(errors_of("[nic\nselect = 1"), ElementsAre(StartsWith("config.toml:1:5: ")));
  EXPECT_THAT(errors_of("mode ="), ElementsAre(StartsWith("config.toml:1:")));
  EXPECT_THAT(errors_of("routes.metric = 99999999999999999999"), ElementsAre(StartsWith("config.toml:1:")));
}

TEST(ConfigText, BytesThatAreNotUtf8HaveAPosition) {
  EXPECT_THAT(errors_of("# \xc3\xa9\nmode = \"\xc3\xa9\xff\"\n"),
              ElementsAre("config.toml:2:10: the byte 0xff is not valid UTF-8"));
  EXPECT_THAT(errors_of("\xed\xa0\x80"), ElementsAre("config.toml:1:1: the byte 0xed is not valid UTF-8"));
  EXPECT_THAT(errors_of("mode = \"a\xc3"), ElementsAre("config.toml:1:10: the byte 0xc3 is not valid UTF-8"));
}

TEST(ConfigText, DeepNestingIsRefusedInsteadOfOverflowingTheStack) {
  std::string key;
  for (int i = 0; i < 250'000; ++i) key += "a.";
  EXPECT_THAT(errors_of(key + "a = 1"), ElementsAre(StartsWith("config.toml:1:1: more than 1000 dotted")));
  EXPECT_THAT(errors_of("\"#\"." + key + "a = 1"),
              ElementsAre(StartsWith("config.toml:1:1: more than 1000 dotted")));
  EXPECT_THAT(errors_of("x = " + std::string(100'000, '[')), ElementsAre(StartsWith("config.toml:1:")));

  const std::string dots(2000, '.');
  EXPECT_THAT(errors_of("kubernetes.kubeconfig = \"\\\"" + dots + "\""), IsEmpty());
  EXPECT_THAT(errors_of("kubernetes.kubeconfig = '\\'# " + dots), IsEmpty());

  std::string list = "# ";
  for (int i = 0; i < 2000; ++i) list += "...";
  list += "\npods.cluster_cidrs = [";
  for (int i = 0; i < 1000; ++i) {
    list += "\"10." + std::to_string(i / 250) + "." + std::to_string(i % 250) + ".0/24\", ";
  }
  EXPECT_THAT(errors_of(list + "]"), IsEmpty());
}

TEST(ConfigText, ManyCidrsAreCheckedWithoutDelay) {
  std::string list = "pods.cluster_cidrs = [";
  for (int i = 0; i < 50'000; ++i) {
    list += "\"1." + std::to_string(i / 250) + "." + std::to_string(i % 250) + ".0/24\",";
  }
  const auto start = std::chrono::steady_clock::now();
  EXPECT_THAT(errors_of(list + "]"), IsEmpty());
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

TEST(ConfigText, AnEmptyFileIsFine) {
  for (const char* text : {"", "# nothing\n", "\xef\xbb\xbf", "[nic]\n"})
    EXPECT_THAT(errors_of(text), IsEmpty()) << text;
}

class ConfigFile : public testing::Test {
 protected:
  /// The errors of a path in the scratch folder.
  std::vector<std::string> errors(const std::string& name, bool required) {
    return errors_of(
        {.file = file_.folder() / name, .file_required = required, .environment = {}, .settings = {}}, file_);
  }
  ScratchFile file_;
};

TEST_F(ConfigFile, MissingMattersOnlyWhenItWasNamed) {
  EXPECT_THAT(errors("absent.toml", true),
              ElementsAre("absent.toml: cannot be read: No such file or directory"));
  EXPECT_THAT(errors("config.toml/absent", true),
              ElementsAre("config.toml/absent: cannot be read: Not a directory"));
  EXPECT_THAT(errors("absent.toml", false), IsEmpty());
  EXPECT_THAT(errors("config.toml/absent", false), IsEmpty());
}

TEST_F(ConfigFile, IsNoDirectory) {
  EXPECT_THAT(errors("", true), ElementsAre(testing::EndsWith(": cannot be read: Is a directory")));
  EXPECT_THAT(errors("", false), ElementsAre(testing::EndsWith(": cannot be read: Is a directory")));
}

TEST_F(ConfigFile, ThatIsThereButUnreadableIsAlwaysAnError) {
  // Root reads every file but not through a loop of links.
  std::filesystem::create_symlink("loop", file_.folder() / "loop");
  EXPECT_THAT(errors("loop", false), ElementsAre("loop: cannot be read: Too many levels of symbolic links"));
}

TEST_F(ConfigFile, ThatALinkPromisesIsAlwaysAnErrorWhereThereIsNone) {
  std::filesystem::create_symlink("nowhere", file_.folder() / "link");
  EXPECT_THAT(errors("link", false), ElementsAre("link: cannot be read: link is a link to nowhere, which is "
                                                 "not there: make it, or remove the link"));
  std::filesystem::create_symlink("link", file_.folder() / "second");
  EXPECT_THAT(errors("second", false), ElementsAre("second: cannot be read: second is a link to link, which "
                                                   "is not there: make it, or remove the link"));
  EXPECT_THAT(errors("link/config.toml", false),
              ElementsAre("link/config.toml: cannot be read: link is a link to nowhere, which is not there: "
                          "make it, or remove the link"));
  std::filesystem::create_symlink("config.toml", file_.folder() / "through");
  EXPECT_THAT(errors("through/config.toml", false), IsEmpty());  // its folder is a file: no link is at fault
}

TEST_F(ConfigFile, HasAtMostSixteenMebibytes) {
  constexpr std::size_t kMost = std::size_t{16} * 1024 * 1024;
  file_.write("#" + std::string(kMost - 1, 'x'));
  EXPECT_THAT(errors("config.toml", true), IsEmpty());
  file_.write("#" + std::string(kMost, 'x'));
  EXPECT_THAT(errors("config.toml", true), ElementsAre("config.toml: is larger than 16384 KiB"));
  std::filesystem::create_symlink("/dev/zero", file_.folder() / "endless");
  EXPECT_THAT(errors("endless", true), ElementsAre("endless: is larger than 16384 KiB"));
}

TEST_F(ConfigFile, NameIsShownOnOneLine) {
  EXPECT_THAT(errors("a\nb", true), ElementsAre("a\\nb: cannot be read: No such file or directory"));
}

}  // namespace
