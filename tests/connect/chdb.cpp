// The embedded ClickHouse: tables in a folder, engines that are shared, that end, and that cannot start.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "connect/real_server.hpp"

namespace flatbed {
Connector chdb_connector();
}

namespace {

using namespace flatbed;
using real::Given;
namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

const Registry& registry() {
  static const Registry kRegistry = [] {
    Registry registry;
    registry.add(chdb_connector()).check();
    return registry;
  }();
  return kRegistry;
}

class Folder {
 public:
  Folder() {
    static int count = 0;
    path_ = fs::temp_directory_path() / ("flatbed_chdb_" + std::to_string(::getpid()) + "_" + std::to_string(++count));
  }
  ~Folder() { fs::remove_all(path_); }
  std::string path() const { return path_.string(); }
  std::string uri(const std::string& table) const { return "chdb:" + path() + "/" + table; }

 private:
  fs::path path_;
};

Batch numbers(uint64_t first, size_t rows) {
  auto schema = std::make_shared<Schema>();
  schema->fields = {{"n", {.id = TypeId::kUInt64}, {}}};
  Column column{.type = schema->fields[0].type, .rows = rows};
  column.values = Buffer::allocate(rows * 8);
  for (uint64_t i = 0; i < rows; ++i) {
    const uint64_t value = first + i;
    std::memcpy(column.values.writable() + i * 8, &value, 8);
  }
  std::vector<Column> columns;
  columns.push_back(std::move(column));
  return Batch(schema, std::move(columns), rows, {.first_record = first, .records = rows});
}

uint64_t sum_of(const std::string& uri) {
  auto batches = real::read_all(registry(), uri);
  REQUIRE_MESSAGE(batches.ok(), to_string(batches.error()));
  uint64_t sum = 0;
  for (const Batch& batch : *batches) {
    for (const uint64_t value : batch.column(0).as<uint64_t>()) sum += value;
  }
  return sum;
}

// The processes that were given this text as an argument.
std::vector<pid_t> processes_with(const std::string& argument) {
  std::vector<pid_t> found;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::ifstream file(entry.path() / "cmdline", std::ios::binary);
    const std::string arguments{std::istreambuf_iterator<char>(file), {}};
    if (arguments.find('\0' + argument + '\0') != std::string::npos) found.push_back(std::stoi(name));
  }
  return found;
}

template <class Condition>
bool within(std::chrono::milliseconds limit, Condition condition) {
  for (const auto end = Clock::now() + limit; Clock::now() < end;) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return condition();
}

// A script in place of Python.
std::string script(const Folder& folder, const std::string& text) {
  fs::create_directories(folder.path());
  const std::string path = folder.path() + "/python";
  std::ofstream(path) << "#!/bin/sh\n" << text << "\n";
  fs::permissions(path, fs::perms::owner_all);
  return path;
}

std::string python() {
  const char* named = std::getenv("FLATBED_PYTHON");
  return named == nullptr ? "python3" : named;
}

}  // namespace

TEST_SUITE("connect") {
  TEST_CASE("tables of a folder last, and their engine ends with its last user") {
    const Folder folder;
    const auto begin = Clock::now();
    const Given create{{"create", "true"}, {"order_by", "n"}};
    auto loaded =
        real::write_all(registry(), folder.uri("shop/items"), create, {numbers(0, 1000), numbers(1000, 1000)});
    REQUIRE_MESSAGE(loaded.ok(), to_string(loaded.error()));
    CHECK(loaded->rows == 2000);
    MESSAGE("start, create, load, stop: ", std::chrono::duration<double>(Clock::now() - begin).count(), " s");
    CHECK(processes_with(folder.path()).empty());
    CHECK(sum_of(folder.uri("shop/items")) == 1999000);
    CHECK(real::write_all(registry(), folder.uri("default/t"), create, {numbers(0, 3)}).ok());
    CHECK(sum_of(folder.uri("default/t")) == 3);

    auto tables = registry().tables({"chdb:" + folder.path()});
    REQUIRE_MESSAGE(tables.ok(), to_string(tables.error()));
    REQUIRE(tables->size() == 2);
    CHECK(tables->back().database == "shop");
    CHECK(tables->back().name == "items");
    CHECK(tables->back().rows == 2000);
    tables = registry().tables({folder.uri("shop")});
    REQUIRE(tables.ok());
    CHECK(tables->size() == 1);
    CHECK(processes_with(folder.path()).empty());
  }

  TEST_CASE("the ends of one run share an engine") {
    const Folder folder;
    REQUIRE(real::write_all(registry(), folder.uri("a/from"), {{"create", "true"}}, {numbers(0, 100)}).ok());
    auto source = registry().source({folder.uri("a/from"), {}});
    auto sink = registry().sink({folder.uri("b/into"), {{"create", "true"}}});
    REQUIRE(source.ok());
    REQUIRE(sink.ok());
    REQUIRE((*sink)->existing({}).ok());
    auto schema = (*source)->open({}, {});
    REQUIRE_MESSAGE(schema.ok(), to_string(schema.error()));
    REQUIRE((*sink)->open(*schema, {}, {}).ok());
    CHECK(processes_with(folder.path()).size() == 1);
    while (true) {
      auto delivery = (*source)->next({});
      REQUIRE(delivery.ok());
      if (!*delivery) break;
      REQUIRE((*sink)->write((*delivery)->batch, {}).ok());
    }
    source->reset();
    REQUIRE((*sink)->finish({}).ok());
    CHECK((*sink)->count_rows({}).value() == 100);
    sink->reset();
    CHECK(processes_with(folder.path()).empty());
  }

  TEST_CASE("engines start and stop on one folder without meeting") {
    const Folder folder;
    REQUIRE(real::write_all(registry(), folder.uri("a/t"), {{"create", "true"}}, {numbers(0, 10)}).ok());
    std::vector<std::jthread> threads;
    std::atomic<int> good{0};
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int round = 0; round < 3; ++round) {
          auto source = registry().source({folder.uri("a/t"), {}});
          if (source.ok() && (*source)->open({}, {}).ok()) ++good;
        }
      });
    }
    threads.clear();
    CHECK(good == 12);
  }

  TEST_CASE("an engine cannot be used without its password, and its password is nowhere to be seen") {
    const Folder folder;
    REQUIRE(real::write_all(registry(), folder.uri("a/t"), {{"create", "true"}}, {numbers(0, 10)}).ok());
    auto source = registry().source({folder.uri("a/t"), {}});
    REQUIRE((*source)->open({}, {}).ok());
    const auto engine = processes_with(folder.path());
    REQUIRE(engine.size() == 1);
    // Its one listening port, as the kernel tells it.
    const std::string ports = "ss -ltnp 2>/dev/null | grep pid=" + std::to_string(engine.front()) +
                              ", | sed 's/.*127.0.0.1:\\([0-9]*\\) .*/\\1/'";
    std::string answer;
    const std::string ask =
        "for port in $(" + ports +
        "); do for user in '' 'user=default' 'user=flatbed'; do curl -s --noproxy '*' -d 'SELECT 4321' "
        "\"http://127.0.0.1:$port/?$user\"; done; done";
    if (FILE* in = ::popen(ask.c_str(), "r")) {
      char part[4096];
      for (size_t bytes = 0; (bytes = std::fread(part, 1, sizeof part, in)) != 0;) answer.append(part, bytes);
      ::pclose(in);
    }
    CHECK(answer.find("There is no handle") != std::string::npos);
    CHECK(answer.find("4321") == std::string::npos);
  }

  TEST_CASE("an engine ends when the process that uses it is killed") {
    const Folder folder;
    REQUIRE(real::write_all(registry(), folder.uri("a/t"), {{"create", "true"}}, {numbers(0, 10)}).ok());
    const pid_t child = ::fork();
    if (child == 0) {
      auto source = registry().source({folder.uri("a/t"), {}});
      if (source.ok() && (*source)->open({}, {}).ok()) ::kill(::getpid(), SIGSTOP);
      ::_exit(1);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, WUNTRACED) == child);
    REQUIRE(WIFSTOPPED(status));
    CHECK(processes_with(folder.path()).size() == 1);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    CHECK(within(std::chrono::seconds(5), [&] { return processes_with(folder.path()).empty(); }));
    CHECK(sum_of(folder.uri("a/t")) == 45);
  }

  TEST_CASE("a folder that another process uses is left alone") {
    const Folder folder;
    REQUIRE(real::write_all(registry(), folder.uri("a/t"), {{"create", "true"}}, {numbers(0, 10)}).ok());
    const std::string hold = python() + " -c \"from chdb import session; s = session.Session('" + folder.path() +
                             "'); print(s.query('SELECT sum(n) FROM a.t'), flush=True); input()\"";
    FILE* other = ::popen(("exec " + hold + " > " + folder.path() + "/answer").c_str(), "w");
    REQUIRE(other != nullptr);
    const auto answer = [&] {
      std::ifstream file(folder.path() + "/answer");
      return std::string{std::istreambuf_iterator<char>(file), {}};
    };
    CHECK(within(std::chrono::seconds(20), [&] { return answer().starts_with("45\n"); }));
    auto batches = real::read_all(registry(), folder.uri("a/t"));
    REQUIRE(!batches.ok());
    CHECK(to_string(batches.error()) == "FB-CH-0105  " + folder.uri("a/t") + "\n  another process uses the folder: " +
                                            folder.path() + "\n  fix: wait until it has ended, or load into a server");
    std::fputs("\n", other);
    ::pclose(other);
    CHECK(sum_of(folder.uri("a/t")) == 45);
  }

  TEST_CASE("what is missing is named") {
    const Folder folder;
    const auto message = [&](const std::string& uri, const Given& options) {
      auto batches = real::read_all(registry(), uri, options);
      REQUIRE(!batches.ok());
      return to_string(batches.error());
    };
    CHECK(message(folder.uri("a/t"), {})
              .starts_with("FB-SRC-0101  " + folder.uri("a/t") + "\n  no such folder: " + folder.path()));
    CHECK(message("chdb:t", {})
              .starts_with("FB-USE-0104\n  the address names no folder, database and table: chdb:t\n  expected: "
                           "chdb:folder/database/table, or chdb:///folder/database/table\n  fix: "));
    const std::string bare = script(folder, "exec " + python() + " -I -S \"$@\"");
    CHECK(message(folder.uri("a/t"), {{"python", bare}}) ==
          "FB-CH-0105  " + folder.uri("a/t") + "\n  the Python package chdb-core is not installed for " + bare +
              "\n  fix: " + bare + " -m pip install --no-deps chdb-core==26.9.0");
    CHECK(message(folder.uri("a/t"), {{"python", "/no/such/python"}}) ==
          "FB-CH-0105  " + folder.uri("a/t") +
              "\n  the interpreter cannot be started: /no/such/python\n  fix: install Python 3, or name it with "
              "python=PATH or the "
              "environment variable FLATBED_PYTHON");
    CHECK(
        message(folder.uri("a/t"), {{"python", script(folder, "exit 7")}}).find("the engine ended before it was up") !=
        std::string::npos);
    CHECK(message(folder.uri("nosuch/t"), {}).find("database \"nosuch\" does not exist") != std::string::npos);
  }
}
