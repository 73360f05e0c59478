
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "agent/cloud/cloud_state_json.h"

namespace agent {
namespace {

observed::CloudState of_node(const std::string& name) {
  observed::CloudState cloud_state;
  cloud_state.node = observed::KubernetesNode{name, {}, {}, {}};
  return cloud_state;
}

class CloudStateWriterTest : public ::testing::Test {
 protected:
  CloudStateWriterTest() {
    std::array<int, 2> ends{};
    EXPECT_EQ(pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK), 0);
    reader_ = ends[0];
    writer_ = ends[1];
  }
  ~CloudStateWriterTest() override {
    if (reader_ >= 0) close(reader_);
    close(writer_);
  }

  [[nodiscard]] std::string read_all() const {
    std::array<char, 65536> buffer{};
    const auto size = read(reader_, buffer.data(), buffer.size());
    return size <= 0 ? "" : std::string(buffer.data(), static_cast<std::size_t>(size));
  }
  void stop_reading() {
    close(reader_);
    reader_ = -1;
  }

  int reader_ = -1;
  int writer_ = -1;
};

TEST_F(CloudStateWriterTest, WritesALineOnlyWhenSomethingElseIsKnown) {
  CloudStateWriter writer(writer_);
  EXPECT_TRUE(writer.write(of_node("a")));
  EXPECT_EQ(read_all(), cloud_state_line(of_node("a")) + "\n");
  EXPECT_TRUE(writer.write(of_node("a")));
  EXPECT_EQ(read_all(), "");
  EXPECT_TRUE(writer.write(of_node("b")));
  EXPECT_TRUE(writer.write(of_node("a")));
  EXPECT_EQ(read_all(), cloud_state_line(of_node("b")) + "\n" + cloud_state_line(of_node("a")) + "\n");
}

TEST_F(CloudStateWriterTest, SaysThatTheReaderHasGone) {
  std::signal(SIGPIPE, SIG_IGN);
  stop_reading();
  EXPECT_FALSE(CloudStateWriter(writer_).write(of_node("a")));
}

}  // namespace
}  // namespace agent
