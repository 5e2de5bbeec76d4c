// Codes and errors as text.
#include "flatbed/status.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace flatbed;

TEST_SUITE("status") {
  TEST_CASE("every code has a name of its own") {
    std::set<std::string_view> names;
    for (const CodeEntry& entry : catalogue()) {
      CAPTURE(entry.name);
      CHECK(code_name(entry.code) == entry.name);
      CHECK(entry.name.starts_with("FB-"));
      CHECK(names.insert(entry.name).second);
      CHECK_FALSE(code_summary(entry.code).empty());
    }
  }

  TEST_CASE("an error reads: code, place, what, record with a mark, expected, fix") {
    const Error error{
        .code = Code::kNotOfType,
        .message = "not a Decimal(12, 2): \"1.234,50\"",
        .where = {.uri = "orders.csv", .byte = 1884213, .line = 20502, .column = 6, .column_name = "amount"},
        .expected = "Decimal(12, 2): from table shop.orders",
        .hint = "--type amount:String",
        .raw = "8812,\"1.234,50\"\r\x01",
        .fault_at = 5,
        .fault_bytes = 10};
    CHECK(to_string(error) ==
          "FB-TYPE-0102  orders.csv:20502, column 7 \"amount\" (byte 1884213)\n"
          "  not a Decimal(12, 2): \"1.234,50\"\n"
          "  20502 | 8812,\"1.234,50\"\\r\\x01\n"
          "               ^^^^^^^^^^\n"
          "  expected: Decimal(12, 2): from table shop.orders\n"
          "  fix: --type amount:String");
  }

  TEST_CASE("exit codes go by the code, then by the side") {
    CHECK(exit_code({.code = Code::kUnknownOption}) == 1);
    CHECK(exit_code({.code = Code::kTooManyRejects}) == 3);
    CHECK(exit_code({.code = Code::kNotFound, .side = Side::kSource}) == 4);
    CHECK(exit_code({.code = Code::kConnect, .side = Side::kTarget}) == 5);
    CHECK(exit_code({.code = Code::kCancelled}) == 6);
  }

  TEST_CASE("a result holds a value or an error, and value() throws the error") {
    Result<int> good = 7;
    CHECK(std::move(good).value() == 7);
    Result<int> bad = Error{.code = Code::kNotFound, .message = "x.csv does not exist"};
    CHECK_FALSE(bad.ok());
    try {
      (void)std::move(bad).value();
      FAIL("value() did not throw");
    } catch (const Exception& exception) {
      CHECK(exception.error().code == Code::kNotFound);
      CHECK(std::string_view(exception.what()) ==
            "FB-SRC-0101\n  x.csv does not exist\n"
            "  fix: Check the path from the folder in which the command runs.");
    }
  }

  TEST_CASE("every code has an entry in the catalogue, found by its name") {
    std::set<std::string_view> names;
    for (const CodeEntry& entry : catalogue()) {
      CAPTURE(entry.name);
      CHECK(names.insert(entry.name).second);
      CHECK(entry.name == code_name(entry.code));
      CHECK(entry.summary.size() > 5);
      CHECK(entry.cause.ends_with('.'));
      CHECK(!entry.action.empty());
      CHECK(find_code(entry.name) == &entry);
    }
    CHECK(find_code("fb-type-0103")->code == Code::kOutOfRange);
    CHECK(find_code("FB-TYPE") == nullptr);
  }
}
