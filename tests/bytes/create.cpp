// Files appear whole or not at all.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bytes/temporary_folder.hpp"
#include "flatbed/bytes.hpp"

using namespace flatbed;

namespace {

using Names = std::vector<std::string>;

std::string read_back(const std::string& path) {
  auto source = open_bytes(path).value();
  std::string all;
  for (;;) {
    Buffer part = source->read(size_t{1} << 16, {}).value();
    if (part.empty()) return all;
    all += part.text();
  }
}

// Keeps files of this process small while it lives, as a full disk does; the signal for it is ignored.
class SmallFiles {
 public:
  explicit SmallFiles(rlim_t most) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const struct rlimit small = {.rlim_cur = most, .rlim_max = before_.rlim_max};
    handler_ = ::signal(SIGXFSZ, SIG_IGN);
    ::setrlimit(RLIMIT_FSIZE, &small);
  }
  ~SmallFiles() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, handler_);
  }

 private:
  struct rlimit before_{};
  void (*handler_)(int);
};

}  // namespace

TEST_SUITE("bytes") {
  TEST_CASE("create: nothing shows before finish, all of it after") {
    const TemporaryFolder folder;
    auto sink = create_bytes(folder / "out.csv").value();
    REQUIRE(sink->write("a,b\n").ok());
    REQUIRE(folder.names().size() == 1);
    CHECK(folder.names()[0].starts_with(".out.csv."));
    REQUIRE(sink->write("1,2\n").ok());
    REQUIRE(sink->finish().ok());
    CHECK(folder.names() == Names{"out.csv"});
    CHECK(folder.get("out.csv") == "a,b\n1,2\n");
    sink->abort();
    CHECK(folder.names() == Names{"out.csv"});
  }
  TEST_CASE("create: aborted or forgotten, no part is left") {
    const TemporaryFolder folder;
    auto sink = create_bytes(folder / "out.csv").value();
    REQUIRE(sink->write("a,b\n").ok());
    sink->abort();
    CHECK(folder.names().empty());
    REQUIRE(create_bytes(folder / "out.csv").value()->write("x").ok());
    CHECK(folder.names().empty());
    REQUIRE(create_bytes(folder / "out.csv.gz").value()->write("x").ok());
    CHECK(folder.names().empty());
  }
  TEST_CASE("create: an existing file stays unless it may be replaced") {
    const TemporaryFolder folder;
    const std::string path = folder.put("out.csv", "old\n");
    const auto refused = create_bytes(path);
    REQUIRE(!refused.ok());
    CHECK(to_string(refused.error()) ==
          "FB-TGT-0101  " + path + "\n  the file exists already: " + path + "\n  fix: --overwrite replaces it");
    CHECK(exit_code(refused.error()) == 5);
    ::chmod(path.c_str(), 0640);
    auto sink = create_bytes(path, {.overwrite = true}).value();
    REQUIRE(sink->write("new\n").ok());
    CHECK(folder.get("out.csv") == "old\n");
    REQUIRE(sink->finish().ok());
    CHECK(folder.get("out.csv") == "new\n");
    struct stat now{};
    ::stat(path.c_str(), &now);
    CHECK((now.st_mode & 0777) == 0640);
  }
  TEST_CASE("create: a file that appears meanwhile is not replaced") {
    const TemporaryFolder folder;
    auto sink = create_bytes(folder / "out.csv").value();
    REQUIRE(sink->write("ours\n").ok());
    folder.put("out.csv", "theirs\n");
    const Status status = sink->finish();
    REQUIRE(!status.ok());
    CHECK(status.error().code == Code::kTargetExists);
    CHECK(folder.names() == Names{"out.csv"});
    CHECK(folder.get("out.csv") == "theirs\n");
  }
  TEST_CASE("create: a link stays and its target is replaced") {
    const TemporaryFolder folder;
    folder.put("real.csv", "old\n");
    std::filesystem::create_symlink("real.csv", folder / "link.csv");
    auto sink = create_bytes(folder / "link.csv", {.overwrite = true}).value();
    REQUIRE((sink->write("new\n").ok() && sink->finish().ok()));
    CHECK(std::filesystem::is_symlink(folder / "link.csv"));
    CHECK(folder.get("real.csv") == "new\n");
  }
  TEST_CASE("create: a folder as target, a missing folder") {
    const TemporaryFolder folder;
    for (const std::string& path : {folder.path(), folder.path() + "/", folder / "new/"}) {
      const auto target = create_bytes(path);
      REQUIRE(!target.ok());
      CHECK(target.error().message == "the target names a folder: " + path);
    }
    const auto missing = create_bytes(folder / "none/out.csv");
    REQUIRE(!missing.ok());
    CHECK(missing.error().code == Code::kWriteFailed);
    CHECK(missing.error().message == "cannot create a file in the target's folder: No such file or directory");
    CHECK(missing.error().native_code == ENOENT);
  }
  TEST_CASE("create: a full disk is a clean error and leaves no part") {
    const TemporaryFolder folder;
    {
      const SmallFiles small(10000);
      auto sink = create_bytes(folder / "out.csv").value();
      Status status;
      for (int at = 0; at < 20 && status.ok(); ++at) status = sink->write(std::string(1000, 'x'));
      REQUIRE(!status.ok());
      CHECK(status.error().code == Code::kWriteFailed);
      CHECK(status.error().message == "cannot write the file: File too large");
      CHECK(folder.names().empty());
      auto packed = create_bytes(folder / "out.csv.gz").value();
      std::string noise(200000, ' ');
      uint32_t state = 1;
      for (char& c : noise) c = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
      Status late = packed->write(noise);
      if (late.ok()) late = packed->finish();
      REQUIRE(!late.ok());
      CHECK(late.error().message == "cannot write the file: File too large");
    }
    CHECK(folder.names().empty());
    auto full = create_bytes("/dev/full", {.overwrite = true}).value();
    const Status status = full->write("x");
    REQUIRE(!status.ok());
    CHECK(to_string(status.error()) ==
          "FB-TGT-0102  /dev/full\n  cannot write: No space left on device\n"
          "  fix: free some space or write to another disk");
  }
  TEST_CASE("create: a device is written to, never replaced") {
    auto sink = create_bytes("/dev/null").value();
    REQUIRE((sink->write("x").ok() && sink->finish().ok()));
    struct stat now{};
    REQUIRE(::stat("/dev/null", &now) == 0);
    CHECK(S_ISCHR(now.st_mode));
  }
  TEST_CASE("create: gzip and zstd by the name's ending or by wish") {
    const TemporaryFolder folder;
    std::string text;
    for (int at = 0; at < 20000; ++at) text += std::to_string(at) + ",abc\n";
    const auto written = [&](const char* name, WriteFileOptions options) {
      auto sink = create_bytes(folder / name, options).value();
      REQUIRE(sink->write(std::string_view(text).substr(0, 1000)).ok());
      REQUIRE(sink->write("").ok());
      REQUIRE(sink->write(std::string_view(text).substr(1000)).ok());
      REQUIRE(sink->finish().ok());
      CHECK(read_back(folder / name) == text);
      return folder.get(name);
    };
    CHECK(written("a.csv.gz", {}).starts_with("\x1f\x8b"));
    CHECK(written("a.csv.zst", {}).starts_with("\x28\xb5\x2f\xfd"));
    CHECK(written("b.csv", {.compression = "gzip"}) == written("c.csv", {.compression = "gzip"}));
    CHECK(written("d.csv", {.compression = "zstd"}).size() < text.size() / 2);
    CHECK(written("e.csv.gz", {.compression = "none"}) == text);
    CHECK(written("f.csv", {}) == text);
  }
  TEST_CASE("create: an empty compressed file is whole") {
    const TemporaryFolder folder;
    for (const char* name : {"a.gz", "a.zst"}) {
      REQUIRE(create_bytes(folder / name).value()->finish().ok());
      CHECK(folder.get(name).size() > 5);
      CHECK(read_back(folder / name).empty());
    }
  }
  TEST_CASE("create: compressions that are not written are refused by name") {
    const TemporaryFolder folder;
    const auto ending = create_bytes(folder / "a.csv.xz");
    REQUIRE(!ending.ok());
    CHECK(ending.error().message == "files of this kind are read but not written: .xz");
    const auto wish = create_bytes(folder / "a.csv", {.compression = "rar"});
    REQUIRE(!wish.ok());
    CHECK(wish.error().code == Code::kBadOption);
    CHECK(wish.error().message == "files are not written with this compression: rar");
    CHECK(folder.names().empty());
  }
  TEST_CASE("create: a pipe without a reader is an error, not a signal") {
    const TemporaryFolder folder;
    const std::string path = folder / "pipe";
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    const int reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK);
    auto sink = create_bytes(path).value();
    REQUIRE(sink->write("heard\n").ok());
    ::close(reader);
    const Status status = sink->write("lost\n");  // SIGPIPE would end the test here
    REQUIRE(!status.ok());
    CHECK(status.error().message == "cannot write: Broken pipe");
    sigset_t pending;
    sigpending(&pending);
    CHECK(sigismember(&pending, SIGPIPE) == 0);
    CHECK(std::filesystem::exists(path));
  }
  TEST_CASE("create: standard output") {
    const TemporaryFolder folder;
    const int before = ::dup(STDOUT_FILENO);
    const int file = ::open((folder / "out").c_str(), O_WRONLY | O_CREAT, 0600);
    ::dup2(file, STDOUT_FILENO);
    Status status = create_bytes("-").value()->write("a,b\n");
    auto packed = create_bytes("-", {.compression = "none"}).value();
    const bool second = packed->write("1,2\n").ok() && packed->finish().ok();
    ::dup2(before, STDOUT_FILENO);
    ::close(before);
    ::close(file);
    CHECK(status.ok());
    CHECK(second);
    CHECK(folder.get("out") == "a,b\n1,2\n");
  }
}
