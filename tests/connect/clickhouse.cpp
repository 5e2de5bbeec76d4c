// Tables of a real ClickHouse server as sources and sinks, judged by the server itself.
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <thread>

#include <unistd.h>

#include "connect/real_server.hpp"
#include "encode/ddl.hpp"

namespace flatbed {
Connector clickhouse_connector();
}

namespace {

using namespace flatbed;
using real::Given;
using Clock = std::chrono::steady_clock;

const Registry& registry() {
  static const Registry kRegistry = [] {
    Registry registry;
    registry.add(clickhouse_connector()).check();
    return registry;
  }();
  return kRegistry;
}

// A database of its own for each test, dropped at its end.
class Database {
 public:
  explicit Database(std::string server, std::string name = "flatbed_test")
      : server_(std::move(server)), name_(std::move(name)) {
    run("DROP DATABASE IF EXISTS " + quote_identifier(name_));
    run("CREATE DATABASE " + quote_identifier(name_));
  }
  ~Database() { run("DROP DATABASE IF EXISTS " + quote_identifier(name_)); }
  std::string uri(const std::string& table) const { return "clickhouse://" + server_ + "/" + name_ + "/" + table; }
  // Runs a statement without the library, whose faults could hide each other.
  std::string run(const std::string& sql) const {
    const std::string file = "/tmp/flatbed_test_" + std::to_string(::getpid()) + ".sql";
    if (FILE* out = std::fopen(file.c_str(), "wb")) {
      std::fwrite(sql.data(), 1, sql.size(), out);
      std::fclose(out);
    }
    std::string answer;
    if (FILE* in =
            ::popen(("curl -s --noproxy '*' --data-binary @" + file + " http://" + server_ + "/").c_str(), "r")) {
      char part[4096];
      for (size_t bytes = 0; (bytes = std::fread(part, 1, sizeof part, in)) != 0;) answer.append(part, bytes);
      ::pclose(in);
    }
    std::remove(file.c_str());
    while (answer.ends_with('\n')) answer.pop_back();
    return answer;
  }

 private:
  std::string server_, name_;
};

template <class T>
Column column_of(const Type& type, const std::vector<T>& values) {
  Column column{.type = type, .rows = values.size()};
  column.values = Buffer::allocate(values.size() * sizeof(T));
  std::memcpy(column.values.writable(), values.data(), values.size() * sizeof(T));
  return column;
}

Column text_column(const std::vector<std::string>& texts) {
  Column column{.type = {.id = TypeId::kString}, .rows = texts.size()};
  size_t bytes = 0;
  for (const std::string& text : texts) bytes += text.size();
  Buffer all = Buffer::allocate(bytes);
  column.values = Buffer::allocate(texts.size() * sizeof(TextView));
  auto* views = reinterpret_cast<TextView*>(column.values.writable());
  uint32_t at = 0;
  for (size_t i = 0; i < texts.size(); ++i) {
    std::memcpy(all.writable() + at, texts[i].data(), texts[i].size());
    views[i] = TextView::of(texts[i], 0, at);
    at += static_cast<uint32_t>(texts[i].size());
  }
  column.texts.push_back(std::move(all));
  return column;
}

// Rows `first` to `first + rows` of a table of numbers and their names, every cell different.
Batch numbers(uint64_t first, size_t rows, const std::string& name = "n") {
  auto schema = std::make_shared<Schema>();
  schema->fields = {{name, {.id = TypeId::kUInt64}, {}}, {"label", {.id = TypeId::kString}, {}}};
  std::vector<uint64_t> values;
  std::vector<std::string> labels;
  for (size_t i = 0; i < rows; ++i) {
    values.push_back(first + i);
    labels.push_back("label of " + std::to_string(first + i));
  }
  std::vector<Column> columns;
  columns.push_back(column_of(schema->fields[0].type, values));
  columns.push_back(text_column(labels));
  return Batch(schema, std::move(columns), rows, {.first_record = first, .records = rows});
}

std::vector<Batch> many_numbers(size_t batches, size_t rows) {
  std::vector<Batch> all;
  for (size_t i = 0; i < batches; ++i) all.push_back(numbers(i * rows, rows));
  return all;
}

// Every type that is carried, with its extremes, and NULL where the column takes it.
constexpr const char* kEveryType = R"sql((
  id UInt32, b Bool, i8 Int8, i16 Int16, i32 Int32, i64 Int64, i128 Int128, i256 Int256,
  u8 UInt8, u16 UInt16, u32 UInt32, u64 UInt64, u128 UInt128, u256 UInt256, f32 Float32, f64 Float64,
  d9 Decimal(9, 2), d18 Decimal(18, 4), d38 Decimal(38, 10), d76 Decimal(76, 20), s String, fs FixedString(5),
  date Date, date32 Date32, dt DateTime, dtz DateTime('Europe/Berlin'), dt64 DateTime64(3), dt64z DateTime64(9, 'Asia/Tokyo'),
  uuid UUID, ip4 IPv4, ip6 IPv6, e8 Enum8('a' = -128, 'it''s' = 0, 'z' = 127), e16 Enum16('x' = -32768, 'y' = 32767),
  lc LowCardinality(String), lcn LowCardinality(Nullable(String)), lcf LowCardinality(FixedString(3)),
  ni64 Nullable(Int64), ns Nullable(String), nd Nullable(Date32), nd76 Nullable(Decimal(76, 38)), nu Nullable(UUID),
  ne Nullable(Enum8('on' = 1, 'off' = 2)), nfs Nullable(FixedString(2)), nb Nullable(Bool)
) ENGINE = MergeTree ORDER BY id)sql";

constexpr const char* kExtremes[] = {
    "SELECT 1, false, -128, -32768, -2147483648, -9223372036854775808, "
    "toInt128('-170141183460469231731687303715884105728'),"
    " toInt256('-57896044618658097711785492504343953926634992332820282019728792003956564819968'), 0, 0, 0, 0, 0, 0,"
    " -3.4028235e38, -1.7976931348623157e308, '-9999999.99', '-99999999999999.9999', "
    "'-9999999999999999999999999999.9999999999',"
    " '-99999999999999999999999999999999999999999999999999999999.99999999999999999999', '', '', '1970-01-01', "
    "'1900-01-01',"
    " 0, 0, '1900-01-01 00:00:00.000', '1900-01-01 00:00:00.000000000', '00000000-0000-0000-0000-000000000000',"
    " '0.0.0.0', '::', 'a', 'x', '', NULL, '', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL",
    "SELECT 2, true, 127, 32767, 2147483647, 9223372036854775807, toInt128('170141183460469231731687303715884105727'),"
    " toInt256('57896044618658097711785492504343953926634992332820282019728792003956564819967'), 255, 65535, "
    "4294967295,"
    " 18446744073709551615, toUInt128('340282366920938463463374607431768211455'),"
    " toUInt256('115792089237316195423570985008687907853269984665640564039457584007913129639935'),"
    " 3.4028235e38, 1.7976931348623157e308, '9999999.99', '99999999999999.9999', "
    "'9999999999999999999999999999.9999999999',"
    " '99999999999999999999999999999999999999999999999999999999.99999999999999999999', 'tab\\tquote\\'line\\nnul\\0end "
    "\xF0\x9F\x98\x80',"
    " 'ab\\0de', '2149-06-06', '2299-12-31', 4294967295, 4294967295, '2299-12-31 23:59:59.999',"
    " '2262-04-11 23:47:16.854775807', 'ffffffff-ffff-ffff-ffff-ffffffffffff', '255.255.255.255',"
    " 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'z', 'y', 'low', 'low null', 'abc', -1, 'text', '2299-12-31',"
    " '0.00000000000000000000000000000000000001', '01234567-89ab-cdef-0123-456789abcdef', 'off', 'xy', true",
    "SELECT 3, true, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, nan, -inf, '0.01', '0.0001', '0.0000000001',"
    " '0.00000000000000000001', repeat('long ', 1000), 'x', '2024-02-29', '2024-02-29', '2024-03-31 01:59:59',"
    " '2024-10-27 02:30:00', '1969-12-31 23:59:59.999', '1969-12-31 23:59:59.999999999',"
    " '01234567-89ab-cdef-fedc-ba9876543210', '1.2.3.4', '2001:db8::1', 'it\\'s', 'y', 'low', NULL, 'de', 9, '', "
    "'1900-01-01',"
    " '-0.5', NULL, 'on', '', false",
};

}  // namespace

TEST_SUITE("connect") {
  TEST_CASE("every type goes from table to table unchanged") {
    const auto server = real::server();
    if (!server) return;
    const Database database(*server);
    REQUIRE(database.run(std::string("CREATE TABLE flatbed_test.a ") + kEveryType) == "");
    for (const char* row : kExtremes) REQUIRE(database.run(std::string("INSERT INTO flatbed_test.a ") + row) == "");

    auto batches = real::read_all(registry(), database.uri("a"), {{"order_by", "id"}});
    REQUIRE_MESSAGE(batches.ok(), to_string(batches.error()));
    auto loaded = real::write_all(registry(), database.uri("b"), {{"create", "true"}, {"order_by", "id"}}, *batches);
    REQUIRE_MESSAGE(loaded.ok(), to_string(loaded.error()));
    CHECK(loaded->rows == 3);
    CHECK(loaded->blocks == 1);

    CHECK(database.run(
              "SELECT groupArray((name, type)) FROM system.columns WHERE database = 'flatbed_test' AND table = 'a'") ==
          database.run(
              "SELECT groupArray((name, type)) FROM system.columns WHERE database = 'flatbed_test' AND table = 'b'"));
    const std::string rows_of = "SELECT * FROM flatbed_test.a ORDER BY id FORMAT JSONEachRow";
    std::string rows_of_copy = rows_of;
    rows_of_copy.replace(rows_of_copy.find(".a "), 3, ".b ");
    const std::string rows = database.run(rows_of);
    CHECK(rows.size() > 5000);
    CHECK(database.run(rows_of_copy) == rows);
  }

  TEST_CASE("every value arrives, in blocks of one part each") {
    const auto server = real::server();
    if (!server) return;
    const Database database(*server, "flatbed_parts");
    auto loaded = real::write_all(registry(), database.uri("t"),
                                  {{"create", ""}, {"block_rows", "1000"}, {"load", "one part"}}, many_numbers(7, 500));
    REQUIRE_MESSAGE(loaded.ok(), to_string(loaded.error()));
    CHECK(loaded->rows == 3500);
    CHECK(loaded->blocks == 4);  // 1000, 1000, 1000, 500
    CHECK(
        database.run("SELECT count(), countIf(label = 'label of ' || n), sum(n), uniqExact(n) FROM flatbed_parts.t") ==
        "3500\t3500\t6123250\t3500");
    database.run("SYSTEM FLUSH LOGS");
    CHECK(database.run(
              "SELECT groupArray(rows), uniqExact(query_id) FROM (SELECT rows, query_id FROM system.part_log WHERE "
              "database = 'flatbed_parts' AND event_type = 'NewPart' ORDER BY rows DESC)") ==
          "[1000,1000,1000,500]\t4");
    CHECK(
        database.run(
            "SELECT countIf(Settings['async_insert'] = '0' AND Settings['insert_deduplication_token'] != ''), count() "
            "FROM system.query_log WHERE query_kind = 'Insert' AND type = 'QueryFinish' AND "
            "has(databases, 'flatbed_parts')") == "4\t4");
  }

  TEST_CASE("a load of the same name inserts each block once, any other load again") {
    const auto server = real::server();
    if (!server) return;
    const Database database(*server);
    const std::vector<Batch> batches = many_numbers(4, 100);
    const Given named{{"create", "true"}, {"block_rows", "100"}, {"load", "monday"}};
    for (int i = 0; i < 3; ++i) CHECK(real::write_all(registry(), database.uri("t"), named, batches).ok());
    CHECK(database.run("SELECT count() FROM flatbed_test.t") == "400");
    for (int i = 0; i < 2; ++i) CHECK(real::write_all(registry(), database.uri("t"), {}, batches).ok());
    CHECK(database.run("SELECT count() FROM flatbed_test.t") == "1200");
    // Equal batches of one load are different rows of it.
    CHECK(real::write_all(registry(), database.uri("t"), named, {batches[0], batches[0], batches[0]}).ok());
    CHECK(database.run("SELECT count() FROM flatbed_test.t") == "1400");
  }

  TEST_CASE("columns, condition, order and limit are the reader's choice") {
    const auto server = real::server();
    if (!server) return;
    const Database database(*server);
    database.run(
        "CREATE TABLE flatbed_test.t (n UInt64, label String, twice UInt64 MATERIALIZED n * 2) ENGINE = MergeTree "
        "ORDER BY n AS SELECT number, concat('label of ', toString(number)) FROM numbers(10)");
    const auto first_column = [](const Result<std::vector<Batch>>& batches) {
      REQUIRE_MESSAGE(batches.ok(), to_string(batches.error()));
      std::vector<uint64_t> all;
      for (const Batch& batch : *batches) {
        for (const uint64_t value : batch.column(0).as<uint64_t>()) all.push_back(value);
      }
      return all;
    };
    auto all = real::read_all(registry(), database.uri("t"), {{"order_by", "n DESC"}, {"limit", "3"}});
    CHECK(first_column(all) == std::vector<uint64_t>{9, 8, 7});
    CHECK(all->front().columns().size() == 2);
    CHECK(all->front().column(1).text(0) == "label of 9");
    CHECK(all->front().schema().fields[0].decided_by == "table flatbed_test.t");
    auto chosen = real::read_all(registry(), database.uri("t"), {{"where", "n IN (3, 5) -- these"}, {"order_by", "n"}},
                                 {.columns = {"twice", "label"}});
    CHECK(first_column(chosen) == std::vector<uint64_t>{6, 10});
    auto queried = real::read_all(registry(), database.uri(""),
                                  {{"query", "SELECT n * 7 AS x FROM flatbed_test.t ORDER BY n DESC LIMIT 2;\n"}});
    CHECK(first_column(queried) == std::vector<uint64_t>{63, 56});
    auto head = real::read_all(registry(), database.uri(""),
                               {{"query", "SELECT number AS x FROM numbers(100000) -- all"}}, {.head_only = true});
    CHECK(first_column(head).size() == 65536);
    auto unknown = real::read_all(registry(), database.uri("t"), {}, {.columns = {"n", "lable"}});
    REQUIRE(!unknown.ok());
    CHECK(to_string(unknown.error()) ==
          "FB-USE-0106  " + database.uri("t") +
              "\n  table \"flatbed_test.t\" has no column \"lable\"\n  fix: did you mean \"label\"?");
    auto formatted = real::read_all(registry(), database.uri(""), {{"query", "SELECT 1 FORMAT CSV"}});
    CHECK(!formatted.ok());
  }

  TEST_CASE("a user who may only read can read") {
    const auto server = real::server();
    if (!server) return;
    const Database database(*server);
    database.run(
        "CREATE TABLE flatbed_test.t (s LowCardinality(String)) ENGINE = Memory AS SELECT 'x' FROM numbers(3)");
    const std::string uri = "clickhouse://reader:read%20secret@" + *server + "/flatbed_test/t";
    auto batches = real::read_all(registry(), uri);
    REQUIRE_MESSAGE(batches.ok(), to_string(batches.error()));
    CHECK(batches->front().column(0).text(2) == "x");
    auto refused = real::write_all(registry(), uri, {}, *batches);
    REQUIRE(!refused.ok());
    CHECK(refused.error().code == Code::kServer);
    CHECK(refused.error().native_code == 164);
    CHECK(to_string(refused.error()).find("secret") == std::string::npos);
  }

  TEST_CASE("what is wrong is said with its place and its remedy, and without secrets") {
    const auto server = real::server();
    if (!server) return;
    const Database database(*server);
    database.run("CREATE TABLE flatbed_test.flights (n UInt64, label String) ENGINE = MergeTree ORDER BY n");
    const auto message = [&](const std::string& uri, const Given& options = {}) {
      auto batches = real::read_all(registry(), uri, options);
      REQUIRE(!batches.ok());
      CHECK(to_string(batches.error()).find("canary") == std::string::npos);
      return to_string(batches.error());
    };
    CHECK(message(database.uri("flihgts")) ==
          "FB-CH-0102  " + database.uri("flihgts") +
              "\n  table \"flatbed_test.flihgts\" does not exist\n  fix: did you mean \"flatbed_test.flights\"?");
    CHECK(message("clickhouse://" + *server + "/flatbed_tset/flights") ==
          "FB-CH-0102  clickhouse://" + *server +
              "/flatbed_tset/flights\n  database \"flatbed_tset\" does not exist\n  fix: did you mean database "
              "\"flatbed_test\"?");
    CHECK(message("clickhouse://loader:canary@" + *server + "/flatbed_test/flights") ==
          "FB-NET-0102  clickhouse://loader:***@" + *server +
              "/flatbed_test/flights\n  the server says: loader: Authentication failed: password is incorrect, or "
              "there is no user "
              "with such name (AUTHENTICATION_FAILED)\n  fix: check user and password; a password may come from the "
              "environment variable "
              "FLATBED_CLICKHOUSE_PASSWORD");
    CHECK(message("clickhouse://127.0.0.1:1/a/b?password=canary") ==
          "FB-NET-0101  clickhouse://127.0.0.1:1/a/b?password=***\n  no connection to 127.0.0.1:1: connection "
          "refused\n  fix: check "
          "host and port, and that the server runs");
    CHECK(message("clickhouse://no-such-host.invalid/a/b")
              .starts_with("FB-NET-0101  clickhouse://no-such-host.invalid/a/b\n  no connection to "
                           "no-such-host.invalid:8123: the name is not known"));
    CHECK(message("clickhouses://" + *server + "/a/b")
              .starts_with("FB-NET-0105  clickhouses://" + *server + "/a/b\n  no secure connection to " + *server));
    CHECK(message("clickhouse://no-such-host.invalid/a/b", {{"token", "canary"}})
              .find("no connection to no-such-host.invalid:8443") != std::string::npos);
    CHECK(message("clickhouse://no-such-host.invalid/a/b", {{"token", "canary"}, {"insecure", "true"}})
              .find("no connection to no-such-host.invalid:8123") != std::string::npos);
    CHECK(message("clickhouse://example.com/a/b", {{"token", "canary"}, {"secure", "false"}}) ==
          "FB-NET-0106  clickhouse://example.com/a/b\n  a token would go unencrypted to example.com\n  fix: leave "
          "secure=false out (TLS is used then), or add insecure=true if the network is trusted");
    CHECK(message("clickhouse:///a/b").starts_with("FB-USE-0104\n  the address names no host: clickhouse:///a/b"));
    CHECK(message("clickhouse://" + *server + "/a").starts_with("FB-USE-0104\n  the address names no table"));
    CHECK(message(database.uri("flights"), {{"settings", "max_threads"}})
              .starts_with("FB-USE-0103\n  option \"settings\" cannot be \"max_threads\""));
    CHECK(
        message(database.uri("flights"), {{"where", "nn = 1"}}).starts_with("FB-CH-0103  " + database.uri("flights")));
    CHECK(message(database.uri("flights"), {{"where", ")"}})
              .starts_with("FB-CH-0101  " + database.uri("flights") + "\n  the server says: Syntax error"));
    CHECK(message(database.uri(""), {{"query", "SELECT throwIf(number = 3000000) FROM numbers(10000000)"}})
              .find("the server says: Value passed to 'throwIf' function is non-zero") != std::string::npos);
  }

  TEST_CASE("a table must have every column of the source, of its type") {
    const auto server = real::server();
    if (!server) return;
    const Database database(*server);
    database.run(
        "CREATE TABLE flatbed_test.t (n Int32, label String, total UInt64 ALIAS n) ENGINE = MergeTree ORDER BY n");
    const auto message = [&](const Batch& batch) {
      auto loaded = real::write_all(registry(), database.uri("t"), {}, {batch});
      REQUIRE(!loaded.ok());
      return to_string(loaded.error());
    };
    CHECK(message(numbers(0, 1, "m")) ==
          "FB-CH-0103  " + database.uri("t") +
              "\n  table \"flatbed_test.t\" has no column \"m\"\n  fix: did you mean \"n\"? choose the "
              "source's columns with --columns");
    CHECK(message(numbers(0, 1, "total")).find("column \"total\" of table \"flatbed_test.t\" is computed") !=
          std::string::npos);
    CHECK(message(numbers(0, 1)).find("column \"n\" is UInt64 in the source and Int32 in table \"flatbed_test.t\"") !=
          std::string::npos);
    auto missing = real::write_all(registry(), database.uri("tt"), {}, {numbers(0, 1)});
    REQUIRE(!missing.ok());
    CHECK(missing.error().message == "table \"flatbed_test.tt\" does not exist");
    CHECK(missing.error().hint == "did you mean \"flatbed_test.t\"? --create makes a new table");
    auto unordered =
        real::write_all(registry(), database.uri("new"), {{"create", "true"}, {"order_by", "lable"}}, {numbers(0, 1)});
    REQUIRE(!unordered.ok());
    CHECK(unordered.error().hint == "did you mean \"label\"?");
    CHECK(database.run("SELECT count() FROM flatbed_test.t") == "0");
    CHECK(database.run("EXISTS flatbed_test.new") == "0");
  }

  TEST_CASE("a block that the server refuses fails the load and says what is in the table") {
    const auto server = real::server();
    if (!server) return;
    const Database database(*server);
    database.run(
        "CREATE TABLE flatbed_test.t (n UInt64, label String, CONSTRAINT small CHECK n < 250) ENGINE = MergeTree ORDER "
        "BY n");
    auto loaded = real::write_all(registry(), database.uri("t"), {{"block_rows", "100"}, {"connections", "1"}},
                                  many_numbers(9, 100));
    REQUIRE(!loaded.ok());
    CHECK(loaded.error().code == Code::kRefusedRow);
    CHECK(loaded.error().message.find("small") != std::string::npos);
    CHECK(loaded.error().message.ends_with("; 200 rows were acknowledged before"));
    CHECK(database.run("SELECT count() FROM flatbed_test.t") == "200");
  }

  TEST_CASE("hostile names are only names") {
    const auto server = real::server();
    if (!server) return;
    const std::string name = "a`b\\c'd\"; DROP TABLE x -- \xF0\x9F\x98\x80 %2F";
    const Database database(*server, name);
    std::string encoded;
    for (const char c : name) {
      char hex[4];
      std::snprintf(hex, sizeof hex, "%%%02X", static_cast<unsigned char>(c));
      encoded += hex;
    }
    const std::string uri = "clickhouse://" + *server + "/" + encoded + "/" + encoded;
    auto loaded =
        real::write_all(registry(), uri,
                        {{"create", "true"},
                         {"order_by", "\"" + std::string("a`b\\c'd\"\"; DROP TABLE x -- \xF0\x9F\x98\x80 %2F") + "\""}},
                        {numbers(0, 3, name)});
    REQUIRE_MESSAGE(loaded.ok(), to_string(loaded.error()));
    auto batches = real::read_all(registry(), uri, {}, {.columns = {name}});
    REQUIRE_MESSAGE(batches.ok(), to_string(batches.error()));
    CHECK(batches->front().column(0).as<uint64_t>()[2] == 2);
    auto tables = registry().tables({"clickhouse://" + *server + "/" + encoded});
    REQUIRE(tables.ok());
    REQUIRE(tables->size() == 1);
    CHECK(tables->front().name == name);
    CHECK(tables->front().rows == 3);
    CHECK(tables->front().engine == "MergeTree");
  }

  TEST_CASE("reading and writing stop soon after they are asked to") {
    const auto server = real::server();
    if (!server) return;
    const Database database(*server);
    std::stop_source stop;
    const auto stop_later = [&] {
      stop = std::stop_source();
      return std::jthread([&stop] {
        std::this_thread::sleep_for(std::chrono::milliseconds(300));
        stop.request_stop();
      });
    };
    auto source = registry().source({"clickhouse://" + *server + "/",
                                     {{"query",
                                       "SELECT sum(sleepEachRow(1)) AS s FROM numbers(60) SETTINGS "
                                       "function_sleep_max_microseconds_per_block = 0"}}});
    REQUIRE(source.ok());
    REQUIRE((*source)->open({}, {}).ok());
    Clock::time_point begin;
    {
      const auto later = stop_later();
      begin = Clock::now();
      auto delivery = (*source)->next(stop.get_token());
      REQUIRE(!delivery.ok());
      CHECK(delivery.error().code == Code::kCancelled);
    }
    CHECK(Clock::now() - begin < std::chrono::seconds(10));

    database.run(
        "CREATE TABLE flatbed_test.t (n UInt64, label String, CONSTRAINT slow CHECK sleepEachRow(1) = 0) ENGINE = "
        "MergeTree ORDER BY n");
    auto sink = registry().sink(
        {database.uri("t"), {{"block_rows", "3"}, {"settings", "function_sleep_max_microseconds_per_block=0"}}});
    REQUIRE(sink.ok());
    REQUIRE((*sink)->existing({}).ok());
    REQUIRE((*sink)->open(numbers(0, 3).schema(), {}, {}).ok());
    {
      const auto later = stop_later();
      begin = Clock::now();
      Status status;
      for (uint64_t i = 0; i < 10 && status.ok(); ++i) status = (*sink)->write(numbers(i * 3, 3), stop.get_token());
      REQUIRE(!status.ok());
      CHECK(status.error().code == Code::kCancelled);
      (*sink)->abort();
    }
    CHECK(Clock::now() - begin < std::chrono::milliseconds(800));
    CHECK((*sink)->acknowledged().rows == 0);
  }

  TEST_CASE("CREATE TABLE remembers tokens and quotes names") {
    Schema schema;
    schema.fields = {{"id", {.id = TypeId::kUInt32}, {}}, {"when", {.id = TypeId::kDate, .nullable = true}, {}}};
    CHECK(create_table_sql(schema, "`t`", "MergeTree", {"id"}) ==
          "CREATE TABLE `t`\n(\n    `id` UInt32,\n    `when` Nullable(Date)\n)\nENGINE = MergeTree\nORDER BY "
          "(`id`)\nSETTINGS "
          "non_replicated_deduplication_window = 10000");
    CHECK(create_table_sql(schema, "`t`", "ReplacingMergeTree(id)", {"when", "id"})
              .ends_with("\nORDER BY (`when`, `id`)\nSETTINGS non_replicated_deduplication_window = 10000, "
                         "allow_nullable_key = 1"));
    CHECK(create_table_sql(schema, "`t`", "Memory", {"id"}).ends_with(")\nENGINE = Memory"));
  }
}
