// Discovery, joins and parallel reading, against a real server.
#include "flatbed/join.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "clickhouse/catalogue.hpp"
#include "clickhouse/shares.hpp"
#include "connect/real_server.hpp"

namespace {

using namespace flatbed;

const Registry& registry() {
  static const Registry kRegistry = Registry::with_builtins();
  return kRegistry;
}

// Tables of a shop in a database of their own.
class Shop {
 public:
  explicit Shop(const std::string& server)
      : at("clickhouse://" + server + "/flatbed_join"), server_({}, "http://" + server + "/", "test") {
    run("DROP DATABASE IF EXISTS flatbed_join");
    run("CREATE DATABASE flatbed_join");
    run("CREATE TABLE flatbed_join.customers (id UInt32 COMMENT 'its number', name String CODEC(ZSTD(3)), "
        "since Date DEFAULT today(), twice UInt64 ALIAS id * 2) ENGINE = MergeTree ORDER BY id COMMENT 'who buys'");
    run("CREATE TABLE flatbed_join.orders (id UInt64, customer_id UInt32, amount Decimal(9, 2)) "
        "ENGINE = MergeTree PARTITION BY id % 2 ORDER BY (customer_id, id) PRIMARY KEY customer_id");
    run("INSERT INTO flatbed_join.customers (id, name) VALUES (1, 'ann'), (2, 'bob'), (3, 'cid')");
    run("INSERT INTO flatbed_join.orders VALUES (10, 1, 1.5), (11, 1, 2.5), (12, 2, 3.5), (13, 9, 4.5)");
  }
  ~Shop() { run("DROP DATABASE flatbed_join"); }
  void run(const std::string& sql) const { server_.execute(sql, {}).check(); }
  const ClickHouseServer& server() const { return server_; }

  // The rows of a query as text, sorted.
  std::vector<std::string> rows(const std::string& query) const {
    std::vector<std::string> lines;
    auto batches =
        real::read_all(registry(), at + "/", {{"query", "SELECT toString(tuple(*)) FROM (" + query + "\n)"}});
    REQUIRE_MESSAGE(batches.ok(), to_string(batches.error()));
    for (const Batch& batch : *batches) {
      for (size_t row = 0; row < batch.rows(); ++row) lines.emplace_back(batch.column(0).text(row));
    }
    std::sort(lines.begin(), lines.end());
    return lines;
  }

  const std::string at;

 private:
  ClickHouseServer server_;
};

Join orders_and(const std::string& joined) {
  Join join;
  add_table(join, "orders AS o").check();
  add_table(join, joined).check();
  return join;
}

}  // namespace

TEST_SUITE("connect") {
  TEST_CASE("databases, tables and columns are found with what the server knows of them") {
    const auto host = real::server();
    if (!host) return;
    const Shop shop(*host);
    auto databases = registry().databases({shop.at}).value();
    const auto database = std::find_if(databases.begin(), databases.end(),
                                       [](const DatabaseInfo& one) { return one.name == "flatbed_join"; });
    REQUIRE(database != databases.end());
    CHECK(database->engine == "Atomic");
    CHECK(database->tables == 2);
    CHECK(database->rows == 7);
    auto tables = registry().tables({shop.at}).value();
    REQUIRE(tables.size() == 2);
    CHECK(tables[0].comment == "who buys");
    CHECK(tables[1].rows == 4);
    CHECK(*tables[1].bytes > 0);
    CHECK(tables[1].sorting_key == "customer_id, id");
    CHECK(tables[1].primary_key == "customer_id");
    CHECK(tables[1].partition_key == "id % 2");
    auto columns = registry().columns({shop.at + "/customers"}).value();
    REQUIRE(columns.size() == 4);
    CHECK(columns[0].type == "UInt32");
    CHECK(columns[0].comment == "its number");
    CHECK(columns[0].in_primary_key);
    CHECK(!columns[1].in_primary_key);
    CHECK(columns[1].codec == "CODEC(ZSTD(3))");
    CHECK(columns[2].default_kind == "DEFAULT");
    CHECK(columns[2].default_expression == "today()");
    CHECK(columns[3].default_kind == "ALIAS");
    CHECK(registry().columns({shop.at}).value().size() == 7);
    const Error missing = registry().columns({shop.at + "/custmers"}).error();
    CHECK(missing.code == Code::kNoTable);
    CHECK(missing.hint == "did you mean \"flatbed_join.customers\"?");
  }

  TEST_CASE("a join is a statement with every name quoted") {
    const auto host = real::server();
    if (!host) return;
    const Shop shop(*host);
    Join join = orders_and("left customers AS c");
    add_key(join, "c.id = o.customer_id").check();
    look_up(join, {shop.at}, registry()).check();
    CHECK(
        join_sql(join).value() ==
        "SELECT\n    `o`.`id` AS `o_id`,\n    `o`.`customer_id` AS `customer_id`,\n    `o`.`amount` AS `amount`,\n"
        "    `c`.`id` AS `c_id`,\n    `c`.`name` AS `name`,\n    `c`.`since` AS `since`,\n    `c`.`twice` AS `twice`\n"
        "FROM `flatbed_join`.`orders` AS `o`\n"
        "LEFT JOIN `flatbed_join`.`customers` AS `c` ON `o`.`customer_id` = `c`.`id`\nSETTINGS join_use_nulls = 1");
    add_column(join, "o.id").check();
    add_column(join, "c.name AS customer").check();
    CHECK(shop.rows(join_sql(join).value()) ==
          std::vector<std::string>{"(10,'ann')", "(11,'ann')", "(12,'bob')", "(13,NULL)"});
    join.where = "o.amount > 2 -- more than two";
    join.order_by = "amount DESC";
    join.limit = 1;
    CHECK(shop.rows(join_sql(join).value()) == std::vector<std::string>{"(13,NULL)"});
  }

  TEST_CASE("each kind of join gives the rows that SQL promises") {
    const auto host = real::server();
    if (!host) return;
    const Shop shop(*host);
    const std::pair<const char*, std::vector<std::string>> kinds[] = {
        {"inner", {"(10,'ann')", "(11,'ann')", "(12,'bob')"}},
        {"left", {"(10,'ann')", "(11,'ann')", "(12,'bob')", "(13,NULL)"}},
        {"right", {"(10,'ann')", "(11,'ann')", "(12,'bob')", "(NULL,'cid')"}},
        {"full", {"(10,'ann')", "(11,'ann')", "(12,'bob')", "(13,NULL)", "(NULL,'cid')"}},
    };
    for (const auto& [kind, expected] : kinds) {
      Join join = orders_and(std::string(kind) + " customers AS c");
      add_key(join, "o.customer_id = c.id").check();
      add_column(join, "o.id").check();
      add_column(join, "c.name").check();
      look_up(join, {shop.at}, registry()).check();
      CHECK(shop.rows(join_sql(join).value()) == expected);
    }
    Join cross = orders_and("cross customers");
    look_up(cross, {shop.at}, registry()).check();
    CHECK(shop.rows(join_sql(cross).value()).size() == 12);
    Join three = orders_and("customers AS c");
    add_key(three, "o.customer_id = c.id").check();
    add_table(three, "left orders AS again").check();
    add_key(three, "again.customer_id = c.id").check();
    add_key(three, "again.id = o.id").check();
    look_up(three, {shop.at}, registry()).check();
    CHECK(shop.rows(join_sql(three).value()).size() == 3);
  }

  TEST_CASE("a join that cannot be is refused with what is wrong") {
    Join join = orders_and("customers AS c");
    CHECK(join_sql(join).error().message == "table \"c\" has no key that joins it to a table before it");
    CHECK(add_key(join, "x.id = c.id").error().message == "the join has no table \"x\"");
    for (const char* text : {"", "o.id", "o.id = ", "o.id = c", "o.id = c.id extra", "`o.id = c.id"}) {
      CHECK(add_key(join, text).error().code == Code::kUsage);
    }
    for (const char* text : {"", "a b c", "left right a b", "a.b.c", "\"a"}) CHECK(!add_table(join, text).ok());
    add_key(join, "o.customer_id = c.id").check();
    CHECK(join_sql(join).error().message == "the join names no columns");
    add_column(join, "o.id AS n").check();
    add_column(join, "c.id AS n").check();
    CHECK(join_sql(join).error().code == Code::kDuplicateName);
    join.columns.clear();
    join.tables[1].columns = {{.name = "id"}};
    join.columns = {{"c", "ide"}};
    CHECK(join_sql(join).error().hint == "did you mean \"id\"?");
    Join alone;
    add_table(alone, "left").check();
    CHECK(alone.tables[0].name == "left");
    CHECK(join_sql(alone).error().message == "a join needs at least two tables");
    add_table(alone, "left").check();
    CHECK(join_sql(alone).error().code == Code::kDuplicateName);
  }

  TEST_CASE("keys are proposed from names and types") {
    const auto host = real::server();
    if (!host) return;
    const Shop shop(*host);
    Join join = orders_and("customers AS c");
    look_up(join, {shop.at}, registry()).check();
    const auto proposals = propose_keys(join);
    REQUIRE(!proposals.empty());
    CHECK(to_string(proposals[0]) == "`o`.`customer_id` = `c`.`id`");
    CHECK(proposals[0].score == doctest::Approx(1.0));
    CHECK(proposals[0].why == "the name points at the other table, in the primary key");
    add_key(join, to_string(proposals[0])).check();
    CHECK(join_sql(join).ok());
  }

  TEST_CASE("names of any kind pass through a join unharmed") {
    const auto host = real::server();
    if (!host) return;
    const Shop shop(*host);
    for (const std::string name : {"a`b", "a\\b", "a'; DROP TABLE x; --", "\xF0\x9F\x90\x98 \"q\"", "a.b=c"}) {
      shop.run("CREATE TABLE flatbed_join." + quote_identifier(name) + " (" + quote_identifier(name) +
               " UInt32) ENGINE = MergeTree ORDER BY tuple()");
      shop.run("INSERT INTO flatbed_join." + quote_identifier(name) + " VALUES (7)");
      Join join;
      add_table(join, quote_identifier(name) + " AS l").check();
      add_table(join, quote_identifier(name)).check();
      add_key(join, "l." + quote_identifier(name) + " = " + quote_identifier(name) + "." + quote_identifier(name))
          .check();
      look_up(join, {shop.at}, registry()).check();
      CHECK(shop.rows(join_sql(join).value()) == std::vector<std::string>{"(7,7)"});
    }
  }

  TEST_CASE("several connections read each row of a table once") {
    const auto host = real::server();
    if (!host) return;
    const Shop shop(*host);
    for (const std::string key :
         {"toUInt64(number)", "toInt16(number % 7)", "toString(number)", "toDate(number % 9000)",
          "toDateTime64(number, 3, 'Europe/Berlin')", "toLowCardinality(toString(number % 5))",
          "toDecimal64(number, 2)", "toUInt8(1)", "toFloat64(number)", "toNullable(number)"}) {
      shop.run("DROP TABLE IF EXISTS flatbed_join.big");
      shop.run(
          "CREATE TABLE flatbed_join.big ENGINE = MergeTree ORDER BY (k, n) SETTINGS allow_nullable_key = 1 AS "
          "SELECT " +
          key + " AS k, number AS n FROM numbers(200000)");
      auto batches = real::read_all(registry(), shop.at + "/big", {{"connections", "4"}, {"where", "n % 2 = 0"}},
                                    {.columns = {"n"}});
      REQUIRE_MESSAGE(batches.ok(), to_string(batches.error()));
      std::set<uint64_t> seen;
      size_t rows = 0;
      for (const Batch& batch : *batches) {
        for (const uint64_t n : batch.column(0).as<uint64_t>()) seen.insert(n);
        rows += batch.rows();
      }
      CHECK(rows == 100'000);
      CHECK(seen.size() == 100'000);
    }
    const auto shares = share_conditions(shop.server(), {"flatbed_join", "big"}, 4, {}).value();
    CHECK(shares.empty());  // a NULL would be in none
    shop.run("CREATE TABLE flatbed_join.even ENGINE = MergeTree ORDER BY k AS SELECT number AS k FROM numbers(100000)");
    CHECK(share_conditions(shop.server(), {"flatbed_join", "even"}, 4, {}).value().size() == 4);
    shop.run("CREATE TABLE flatbed_join.none (k UInt8) ENGINE = MergeTree ORDER BY k");
    CHECK(real::read_all(registry(), shop.at + "/none", {{"connections", "4"}}).value().empty());
    auto failed =
        real::read_all(registry(), shop.at + "/even", {{"connections", "4"}, {"where", "throwIf(k = 77777) = 0"}});
    REQUIRE(!failed.ok());
    CHECK(failed.error().code == Code::kServer);
  }
}
