// Servers that die in the middle of a load: nothing is claimed that is not so, and nothing comes twice.
#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <thread>

#include "connect/real_server.hpp"

namespace flatbed {
Connector clickhouse_connector();
}

namespace {

using namespace flatbed;
namespace fs = std::filesystem;

const Registry& registry() {
  static const Registry kRegistry = [] {
    Registry registry;
    registry.add(clickhouse_connector()).check();
    return registry;
  }();
  return kRegistry;
}

// A server of the test's own, which may be killed and started again on the same port.
class MortalServer {
 public:
  MortalServer() : folder_(fs::temp_directory_path() / ("flatbed_mortal_" + std::to_string(::getpid()))) { start(); }
  ~MortalServer() {
    kill();
    fs::remove_all(folder_);
  }
  void start() {
    const char* python = std::getenv("FLATBED_PYTHON");
    const std::string command = std::string("exec ") + (python == nullptr ? "python3" : python) +
                                " " FLATBED_SOURCE_DIR "/tests/real/clickhouse.py --kill-with-parent --dir " +
                                folder_.string() + " --http-port " + std::to_string(port_) + " 2>/dev/null";
    process_ = ::popen(command.c_str(), "r");
    REQUIRE(process_ != nullptr);
    REQUIRE(std::fscanf(process_, "READY pid=%d http=%d", &pid_, &port_) == 2);
  }
  void kill() {
    if (process_ == nullptr) return;
    ::kill(pid_, SIGKILL);
    ::pclose(process_);
    process_ = nullptr;
  }
  std::string uri(const std::string& table) const {
    return "clickhouse://127.0.0.1:" + std::to_string(port_) + "/default/" + table;
  }
  void run(const std::string& sql) const {
    const std::string command =
        "curl -s --noproxy '*' http://127.0.0.1:" + std::to_string(port_) + "/ --data-binary \"" + sql + "\" 2>&1";
    FILE* out = ::popen(command.c_str(), "r");
    char text[500] = {};
    (void)!std::fread(text, 1, sizeof text - 1, out);
    ::pclose(out);
    REQUIRE(std::string(text) == "");
  }
  uint64_t number(const std::string& query) const {
    auto batches = real::read_all(registry(), uri(""), {{"query", query}});
    REQUIRE_MESSAGE(batches.ok(), to_string(batches.error()));
    return batches->front().column(0).as<uint64_t>()[0];
  }

 private:
  fs::path folder_;
  FILE* process_ = nullptr;
  int pid_ = 0, port_ = 0;
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

constexpr size_t kBlocks = 100, kRows = 1000;

// Writes the blocks while `then` is done once ten are acknowledged.
template <class Then>
Status load(Sink& sink, Then then) {
  REQUIRE(sink.existing({}).ok());
  REQUIRE(sink.open(numbers(0, 1).schema(), {}, {}).ok());
  std::jthread killer([&] {
    while (sink.acknowledged().blocks < 10) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    then();
  });
  Status status;
  for (size_t block = 0; block < kBlocks && status.ok(); ++block)
    status = sink.write(numbers(block * kRows, kRows), {});
  return status.ok() ? sink.finish({}) : std::move(status);
}

std::unique_ptr<Sink> sink_of(const MortalServer& server) {
  return registry().sink({server.uri("t"), {{"block_rows", std::to_string(kRows)}}}).value();
}

}  // namespace

TEST_SUITE("connect") {
  TEST_CASE("a server that dies for good: what is certain is told, and so is what is not") {
    if (!real::server()) return;
    MortalServer server;
    server.run("CREATE TABLE t (n UInt64, CONSTRAINT slow CHECK sleep(0.01) = 0) ENGINE = MergeTree ORDER BY n");
    auto sink = sink_of(server);
    const Status status = load(*sink, [&] { server.kill(); });
    REQUIRE(!status.ok());
    const uint64_t certain = sink->acknowledged().rows;
    CHECK(certain >= 10 * kRows);
    const std::string& message = status.error().message;
    CHECK_MESSAGE(message.find("; " + std::to_string(certain) + " rows were acknowledged before") != std::string::npos,
                  message);
    uint64_t uncertain = 0;
    if (const size_t at = message.find(", whether "); at != std::string::npos)
      uncertain = std::stoul(message.substr(at + 10));
    sink.reset();
    server.start();
    const uint64_t held = server.number("SELECT count() FROM t");
    CHECK(held >= certain);
    CHECK(held <= certain + uncertain);
    CHECK(server.number("SELECT uniqExact(n) FROM t") == held);
  }

  TEST_CASE("a server that comes back: the load goes on, and no row is missing or double") {
    if (!real::server()) return;
    MortalServer server;
    server.run(
        "CREATE TABLE t (n UInt64, CONSTRAINT slow CHECK sleep(0.01) = 0) ENGINE = MergeTree ORDER BY n "
        "SETTINGS non_replicated_deduplication_window = 1000");
    auto sink = sink_of(server);
    const Status status = load(*sink, [&] {
      server.kill();
      server.start();
    });
    REQUIRE_MESSAGE(status.ok(), to_string(status.error()));
    CHECK(sink->acknowledged().rows == kBlocks * kRows);
    CHECK(server.number("SELECT count() FROM t") == kBlocks * kRows);
    CHECK(server.number("SELECT uniqExact(n) FROM t") == kBlocks * kRows);
  }
}
