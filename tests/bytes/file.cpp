// Reading files and memory, and what stands in the way.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "bytes/temporary_folder.hpp"
#include "flatbed/bytes.hpp"

using namespace flatbed;

namespace {

Result<std::string> read_all(ByteSource& source, size_t most = size_t{1} << 20) {
  std::string all;
  for (;;) {
    Result<Buffer> part = source.read(most, {});
    if (!part) return std::move(part).error();
    if (part->empty()) return all;
    REQUIRE(part->size() <= most);
    all += part->text();
  }
}

// Puts another file in the place of standard input while it lives.
class StandardInput {
 public:
  explicit StandardInput(int replacement) : before_(::dup(STDIN_FILENO)) {
    ::dup2(replacement, STDIN_FILENO);
    ::close(replacement);
  }
  ~StandardInput() {
    ::dup2(before_, STDIN_FILENO);
    ::close(before_);
  }

 private:
  int before_;
};

std::string numbered_lines(int count) {
  std::string text;
  for (int at = 0; at < count; ++at) text += std::to_string(at) + "," + std::to_string(at * 7) + "\n";
  return text;
}

}  // namespace

TEST_SUITE("bytes") {
  TEST_CASE("memory: parts of the caller's bytes, not copied") {
    const std::string text = "abcdefg";
    const auto source = memory_bytes(text, "memory:text");
    const Result<Buffer> first = source->read(3, {});
    CHECK(first->text() == "abc");
    CHECK(first->chars() == text.data());
    CHECK(source->consumed_bytes() == 3);
    CHECK(*source->total_bytes() == 7);
    CHECK(*read_all(*source, 2) == "defg");
    CHECK(source->uri() == "memory:text");
  }
  TEST_CASE("memory: an owner outlives the source") {
    auto owner = std::make_shared<std::string>("kept alive");
    const std::weak_ptr<std::string> watched = owner;
    auto source = memory_bytes(*owner, "memory:", owner);
    owner.reset();
    Buffer part = *source->read(4, {});
    source.reset();
    CHECK(part.text() == "kept");
    part = Buffer();
    CHECK(watched.expired());
  }
  TEST_CASE("file: every byte, whatever the size of the reads") {
    const TemporaryFolder folder;
    const std::string text = numbered_lines(2000), path = folder.put("a.csv", text);
    for (const size_t most : {size_t{1}, size_t{7}, size_t{4096}, size_t{1} << 20}) {
      auto source = open_bytes(path).value();
      CHECK(source->uri() == path);
      CHECK(*source->total_bytes() == text.size());
      CHECK(*read_all(*source, most) == text);
      CHECK(source->consumed_bytes() == text.size());
      CHECK(source->read(most, {})->empty());
    }
  }
  TEST_CASE("file: an empty one has no bytes and no error") {
    const TemporaryFolder folder;
    CHECK(read_all(*open_bytes(folder.put("empty.csv", "")).value())->empty());
  }
  TEST_CASE("file: a kernel file, whose size is not known before") {
    CHECK(read_all(*open_bytes("/proc/self/status").value())->starts_with("Name:"));
  }
  TEST_CASE("file: missing, a folder, not readable") {
    const TemporaryFolder folder;
    const auto missing = open_bytes(folder / "none.csv");
    REQUIRE(!missing.ok());
    CHECK(to_string(missing.error()) == "FB-SRC-0101  " + (folder / "none.csv") +
                                            "\n  the file does not exist: " + (folder / "none.csv") +
                                            "\n  fix: check the path; a relative path starts at the working directory");
    CHECK(exit_code(missing.error()) == 4);
    const auto below_file = open_bytes(folder.put("a.csv", "1\n") + "/b.csv");
    REQUIRE(!below_file.ok());
    CHECK(below_file.error().code == Code::kNotFound);
    const auto directory = open_bytes(folder.path());
    REQUIRE(!directory.ok());
    CHECK(directory.error().code == Code::kNotAFile);
    CHECK(directory.error().message == "the path names a folder: " + folder.path());
    if (::geteuid() != 0) {  // the superuser may read all
      ::chmod((folder / "a.csv").c_str(), 0);
      const auto locked = open_bytes(folder / "a.csv");
      REQUIRE(!locked.ok());
      CHECK(locked.error().message == "cannot open the file: Permission denied");
    }
  }
  TEST_CASE("file: one that changes while it is read ends in an error") {
    const TemporaryFolder folder;
    const std::string path = folder.put("a.csv", numbered_lines(1000));
    for (const bool grows : {true, false}) {
      auto source = open_bytes(path).value();
      REQUIRE(source->read(100, {}).ok());
      if (grows)
        std::ofstream(path, std::ios::app) << "one more\n";
      else
        ::truncate(path.c_str(), 50);
      const auto rest = read_all(*source);
      REQUIRE(!rest.ok());
      CHECK(rest.error().code == Code::kSourceChanged);
      CHECK(rest.error().message.starts_with("the file changed while it was read, from "));
    }
  }
  TEST_CASE("file: one that is written over in place, at the same size, ends in an error") {
    const TemporaryFolder folder;
    const std::string path = folder.put("a.csv", "1,2\n3,4\n");
    auto source = open_bytes(path).value();
    REQUIRE(source->read(4, {}).ok());
    std::this_thread::sleep_for(std::chrono::milliseconds(20));  // clocks of file systems tick slowly
    std::fstream(path, std::ios::in | std::ios::out) << "5,6\n7,8\n";
    const auto rest = read_all(*source);
    REQUIRE(!rest.ok());
    CHECK(rest.error().code == Code::kSourceChanged);
  }
  TEST_CASE("file: one that is replaced by another is read as it was") {
    const TemporaryFolder folder;
    const std::string path = folder.put("a.csv", "old,text\n");
    auto source = open_bytes(path).value();
    std::filesystem::rename(folder.put("b.csv", "new and longer\n"), path);
    CHECK(*read_all(*source) == "old,text\n");
  }
  TEST_CASE("standard input: a file and a pipe") {
    const TemporaryFolder folder;
    const std::string path = folder.put("a.csv", "1,2\n");
    {
      const StandardInput input(::open(path.c_str(), O_RDONLY));
      auto source = open_bytes("-").value();
      CHECK(*source->total_bytes() == 4);
      CHECK(*read_all(*source) == "1,2\n");
    }
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const StandardInput input(ends[0]);
    const std::string text = numbered_lines(30000);
    std::jthread writer([&] {
      size_t at = 0;
      while (at < text.size()) {
        const ssize_t count = ::write(ends[1], text.data() + at, std::min<size_t>(text.size() - at, 777));
        if (count <= 0) break;
        at += static_cast<size_t>(count);
      }
      ::close(ends[1]);
    });
    auto source = open_bytes("-");
    REQUIRE(source.ok());
    CHECK(!(*source)->total_bytes().has_value());
    CHECK(*read_all(**source) == text);
  }
  TEST_CASE("standard input: a stop request ends the wait for a silent pipe") {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const StandardInput input(ends[0]);
    // Plain reading: looking for compression would wait for the first bytes.
    auto source = open_bytes("-", {.compression = "none"}).value();
    std::stop_source stopper;
    std::thread later([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      stopper.request_stop();
    });
    const Result<Buffer> part = source->read(100, stopper.get_token());
    later.join();
    ::close(ends[1]);
    REQUIRE(!part.ok());
    CHECK(part.error().code == Code::kCancelled);
  }
  TEST_CASE("glob: sorted by bytes, folders left out, names that look like patterns") {
    const TemporaryFolder folder;
    for (const char* name : {"b.csv", "a.csv", "B.csv", "c.txt", "x[1].csv", ".hidden.csv"}) folder.put(name, "1\n");
    std::filesystem::create_directory(folder / "d.csv");
    using Paths = std::vector<std::string>;
    CHECK(*expand_glob(folder / "*.csv") ==
          Paths{folder / "B.csv", folder / "a.csv", folder / "b.csv", folder / "x[1].csv"});
    CHECK(*expand_glob(folder / "[ab].csv") == Paths{folder / "a.csv", folder / "b.csv"});
    CHECK(*expand_glob(folder / "?.txt") == Paths{folder / "c.txt"});
    CHECK(*expand_glob(folder / "x[1].csv") == Paths{folder / "x[1].csv"});
    CHECK(*expand_glob("plain/name.csv") == Paths{"plain/name.csv"});
    CHECK(*expand_glob("-") == Paths{"-"});
    const auto nothing = expand_glob(folder / "*.parquet");
    REQUIRE(!nothing.ok());
    CHECK(nothing.error().code == Code::kNotFound);
    CHECK(nothing.error().message == "no file matches the pattern: " + (folder / "*.parquet"));
    CHECK(!expand_glob(folder / "d*").ok());
    const auto deep = expand_glob(folder / "**/*.csv");
    REQUIRE(!deep.ok());
    CHECK(deep.error().code == Code::kUsage);
    CHECK(deep.error().message == "the pattern ** is not supported: " + (folder / "**/*.csv"));
  }
}
