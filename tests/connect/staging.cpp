// What a server that died between two tables has left is told by the rows, also by those with NULLs.
#include "clickhouse/staging.hpp"

#include <doctest/doctest.h>

#include "connect/real_server.hpp"

namespace {

using namespace flatbed;

// A log that has lived through a move which broke off.
class BrokenOff final : public BlockLog {
 public:
  const std::string& load() const noexcept override { return load_; }
  std::optional<BlockRecord> recorded(uint64_t) const override { return std::nullopt; }
  Status record(const BlockRecord&) override { return {}; }
  std::optional<uint64_t> rows_before() const override { return 0; }
  std::string note() const override { return note_; }
  Status set_note(std::string note) override {
    note_ = std::move(note);
    return {};
  }
  Status restart() override { return {}; }

 private:
  const std::string load_ = "broken";
  std::string note_ = "moving all 0 1";  // partition "all", by a server that began long ago
};

}  // namespace

TEST_SUITE("connect") {
  TEST_CASE("a part of rows with NULLs that has not arrived is moved, not dropped") {
    const auto address = real::server();
    if (!address) return;
    const ClickHouseServer server({}, "http://" + *address + "/", "test");
    const auto run = [&](const std::string& sql) {
      const Status status = server.execute(sql, {});
      REQUIRE_MESSAGE(status.ok(), to_string(status.error()));
    };
    run("CREATE OR REPLACE TABLE staged (n UInt64, day Nullable(Date)) ENGINE = MergeTree ORDER BY n");
    run("INSERT INTO staged SELECT number, '2020-01-01' FROM numbers(1000)");  // somebody else's, meanwhile
    const auto log = std::make_shared<BrokenOff>();
    Staging staging(server, {"default", "staged"}, log);
    run("DROP TABLE IF EXISTS " + quoted(staging.table()));
    run("CREATE TABLE " + quoted(staging.table()) + " AS staged");
    run("INSERT INTO " + quoted(staging.table()) + " SELECT 5000 + number, NULL FROM numbers(1000)");
    const Status status = staging.publish(1000, {});
    REQUIRE_MESSAGE(status.ok(), to_string(status.error()));
    auto held = ask(server, "SELECT count() FROM staged WHERE day IS NULL", {});
    REQUIRE(held.ok());
    CHECK(held->front().column(0).as<uint64_t>()[0] == 1000);
    run("DROP TABLE staged SYNC");
  }
}
