// Records as views: fields, names, values and places.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "flatbed/csv.hpp"

using namespace flatbed;

TEST_SUITE("columns") {
  TEST_CASE("records of a text") {
    const std::string text = "id,name\r\n1,\"a \"\"b\"\", c\"\r\n\r\n22,\"\"\n333,plain";
    csv::Reader reader(text);
    CHECK(reader.header() == std::vector<std::string>{"id", "name"});
    std::vector<std::string> seen;
    for (auto row : reader) {
      CHECK(row.size() == 2);
      CHECK(row["name"] == row[1]);
      seen.push_back(std::to_string(row.record()) + "|" + std::string(row[0]) + "|" + std::string(row[1]) + "|" +
                     (row.quoted(1) ? "q" : "-") + std::to_string(row.get<int>("id").value()));
    }
    CHECK(seen == std::vector<std::string>{"0|1|a \"b\", c|q1", "1|22||q22", "2|333|plain|-333"});
    CHECK(reader.status().ok());
  }

  TEST_CASE("a bad value tells its place") {
    const std::string text = "id,v\n1,2\n3,\"\nx\"\n";
    csv::Reader reader(text);
    auto row = reader.begin();
    CHECK((*row).get<int>("w").error().code == Code::kUnknownColumn);
    ++row;
    const Error error = (*row).get<double>("v").error();
    CHECK(error.code == Code::kNotOfType);
    CHECK(error.where.line == 3);
    CHECK(error.where.byte == 11);
    CHECK(error.where.record == 1);
    CHECK(error.where.column_name == "v");
    CHECK((*row).get<int8_t>(0).value() == 3);
  }

  TEST_CASE("the first record that is none ends the iteration") {
    const std::string text = "a,b\n1,2\n3\n5,6\n";
    csv::Reader reader(text);
    size_t rows = 0;
    for (auto row : reader) rows += row.size() / 2;
    CHECK(rows == 1);
    CHECK(reader.status().error().code == Code::kRowTooShort);
    CHECK(reader.status().error().where.line == 3);
    CHECK(reader.status().error().where.record == 1);
    CHECK(reader.status().error().raw == "3");
  }

  TEST_CASE("windows and skipped lines") {
    std::string text = "# made by hand\na;b\n";
    for (int i = 0; i < 300000; ++i) text += std::to_string(i) + ";\"v" + std::to_string(i) + "\"\n";
    Dialect dialect;
    dialect.delimiter = {";", Chosen::kUser};
    dialect.skip_rows = {1, Chosen::kUser};
    csv::Reader reader(text, dialect);
    uint64_t next = 0;
    for (auto row : reader) {
      REQUIRE(row.record() == next);
      REQUIRE(row[0] == std::to_string(next));
      REQUIRE(row[1] == "v" + std::to_string(next));
      if (next % 100000 == 7) {
        CHECK(row.locate(1).line == next + 3);
        CHECK(text.substr(*row.locate(1).byte, 3) == "\"v" + std::to_string(next).substr(0, 1));
      }
      ++next;
    }
    CHECK(next == 300000);
  }

  TEST_CASE("unescaped fields stay until the next record") {
    std::string text = "a,b,c,d\n";
    for (int i = 0; i < 30000; ++i) {
      const std::string number = std::to_string(i);
      text += "\"" + number + "\"\"\"," + number + ",\"\"\"\"\"" + number + "\",\"" + number + "\"\n";
    }
    uint64_t next = 0;
    for (const auto& row : csv::Reader(text)) {
      const std::string number = std::to_string(next);
      const std::string_view a = row[0], b = row[1], c = row[2], d = row[3], again = row[0];
      REQUIRE(a == number + "\"");
      REQUIRE(b == number);
      REQUIRE(c == "\"\"" + number);
      REQUIRE(d == number);
      REQUIRE(again == a);
      REQUIRE(row.record() == next++);
    }
    CHECK(next == 30000);
  }

  TEST_CASE("a loop that was left goes on with the next record") {
    std::string text = "a,b\n";
    for (int i = 0; i < 100; ++i) text += std::to_string(i) + ",\"x\"\n";
    csv::Reader reader(text);
    uint64_t next = 0;
    for (int part = 0; part < 3; ++part) {
      for (const auto& row : reader) {
        CHECK(row[0] == std::to_string(next));
        CHECK(row.record() == next++);
        if (next % 40 == 0) break;
      }
    }
    CHECK(next == 100);
  }

  TEST_CASE("an empty field ends the bytes") {
    for (const std::string text : {"a,b\n1,\"2\"\n3,", "a,b\n1,\"2\"\r\n3,\"\""}) {
      // A copy of its own size, so that a read past the end is caught.
      const std::vector<char> copy(text.begin(), text.end());
      std::string seen;
      for (const auto& row : csv::Reader({copy.data(), copy.size()}))
        seen += std::string(row[0]) + "|" + std::string(row[1]) + ";";
      CHECK(seen == "1|2;3|;");
    }
  }

  TEST_CASE("nothing, and nearly nothing") {
    for (const std::string text : {"", "\n", "\xEF\xBB\xBF"}) {
      csv::Reader reader(text);
      for (auto row : reader) CHECK(row.size() == 99);
      CHECK(reader.header().empty());
      CHECK(reader.status().ok());
    }
    Dialect plain;
    plain.header = {false, Chosen::kUser};
    size_t rows = 0;
    const std::string one = "x";
    for (auto row : csv::Reader(one, plain)) rows += row[0] == "x";
    CHECK(rows == 1);
  }
}
