// Text files as rows: the rules, the places of rejects, and the same result for every chunk size, thread count and way
// that bytes arrive.
#include "columns/csv_source.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>

#include "columns/format.hpp"
#include "columns/parse.hpp"

using namespace flatbed;

namespace {

// Gives bytes in parts of odd sizes that lie nowhere near each other.
class Dribble final : public ByteSource {
 public:
  explicit Dribble(std::string_view bytes) : bytes_(bytes) {}
  Result<Buffer> read(size_t most, std::stop_token) override {
    size_ = size_ % 7 + 1;
    const std::string_view part = bytes_.substr(at_, std::min(most, size_));
    at_ += part.size();
    Buffer copy = Buffer::allocate(part.size());
    std::memcpy(copy.writable(), part.data(), part.size());
    return copy;
  }
  const std::string& uri() const noexcept override { return uri_; }
  uint64_t consumed_bytes() const noexcept override { return at_; }

 private:
  std::string_view bytes_;
  std::string uri_ = "t.csv";
  size_t at_ = 0, size_ = 3;
};

struct Setup {
  std::string types{};  // "name Type|name Type"; empty: found in the data
  std::vector<std::string> columns{};
  unsigned threads = 1;
  size_t chunk_bytes = size_t{1} << 20;
  bool dribble = false;
  bool reopenable = true;
  bool all_text = false;
  bool header = true;
  std::string quote = "\"";
  std::string escape = "\"";
  std::string delimiter = ",";
  std::vector<std::string> nulls = {"", "\\N"};
};

struct Table {
  std::string schema, rows, rejects, error;
  friend bool operator==(const Table&, const Table&) = default;
};

void append_row(const Batch& batch, size_t row, std::string& out) {
  for (const Column& column : batch.columns()) {
    if (column.is_null(row))
      out += "NULL";
    else if (column.type.id == TypeId::kString)
      out += "'" + std::string(column.text(row)) + "'";
    else
      append_value(column, row, out);
    out += &column == &batch.columns().back() ? "\n" : " ";
  }
}

std::string line_of(const Error& reject) {
  const Location& where = reject.where;
  std::string text = std::string(code_name(reject.code)) + " " + where.uri + " line " + std::to_string(*where.line) +
                     " byte " + std::to_string(*where.byte) + " record " + std::to_string(*where.record);
  if (where.column) text += " column " + std::to_string(*where.column) + " " + where.column_name;
  return text + " [" + reject.raw + "] " + reject.message + "; " + reject.expected + "\n";
}

Schema schema_of(std::string_view text) {
  Schema schema;
  while (!text.empty()) {
    const std::string_view item = text.substr(0, text.find('|'));
    const size_t space = item.find(' ');
    schema.fields.push_back(
        {std::string(item.substr(0, space)), *parse_type(item.substr(space + 1)), "table default.t"});
    text.remove_prefix(std::min(text.size(), item.size() + 1));
  }
  return schema;
}

std::unique_ptr<Source> source_of(const std::vector<std::string_view>& files, const Setup& setup) {
  std::vector<CsvInput> inputs;
  for (const std::string_view bytes : files) {
    inputs.push_back(
        {.uri = "t.csv", .reopenable = setup.reopenable, .open = [bytes, dribble = setup.dribble](std::stop_token) {
           if (dribble) return Result<std::unique_ptr<ByteSource>>(std::make_unique<Dribble>(bytes));
           return Result<std::unique_ptr<ByteSource>>(memory_bytes(bytes, "t.csv"));
         }});
  }
  CsvSourceOptions options{.all_text = setup.all_text, .chunk_bytes = setup.chunk_bytes};
  options.dialect.delimiter = {setup.delimiter, Chosen::kUser};
  options.dialect.quote = {setup.quote, Chosen::kUser};
  options.dialect.escape = {setup.escape, Chosen::kUser};
  options.dialect.header = {setup.header, Chosen::kUser};
  options.dialect.skip_rows = {0, Chosen::kUser};
  options.dialect.encoding = {"utf-8", Chosen::kUser};
  options.dialect.nulls = {setup.nulls, Chosen::kUser};
  return csv_source(std::move(inputs), std::move(options));
}

Table read_files(const std::vector<std::string_view>& files, const Setup& setup) {
  Table table;
  const auto source = source_of(files, setup);
  auto schema = source->open({.columns = setup.columns, .types = schema_of(setup.types), .threads = setup.threads}, {});
  if (!schema) {
    table.error = to_string(schema.error());
    return table;
  }
  table.schema = to_string(*schema);
  uint64_t next_byte = 0, next_record = 0;
  while (true) {
    auto delivery = source->next({});
    if (!delivery) {
      table.error = to_string(delivery.error());
      return table;
    }
    if (!*delivery) return table;
    const Batch& batch = (*delivery)->batch;
    // Records are counted on through the files, bytes anew in each.
    if (files.size() > 1 && batch.origin().byte_begin < next_byte) next_byte = 0;
    REQUIRE(batch.origin().records == batch.rows() + (*delivery)->rejects.size());
    REQUIRE(batch.origin().first_record == next_record);
    REQUIRE(batch.origin().byte_begin >= next_byte);
    next_record += batch.origin().records;
    next_byte = batch.origin().byte_end;
    for (size_t row = 0; row < batch.rows(); ++row) {
      table.rows += std::to_string(batch.record(row)) + ": ";
      append_row(batch, row, table.rows);
    }
    for (const Error& reject : (*delivery)->rejects) table.rejects += line_of(reject);
  }
}

Table read(const std::string& text, const Setup& setup = {}) {
  return read_files({text}, setup);
}

void same_in_all_ways(const std::string& text, const Setup& setup) {
  const Table oracle = read(text, setup);
  std::vector<size_t> sizes = {63, 64, 65, 4096, size_t{1} << 20};
  for (size_t size = 1; size <= 17; ++size) sizes.push_back(size);
  for (const size_t size : sizes) {
    for (const unsigned threads : {1u, 2u, 8u}) {
      Setup other = setup;
      other.chunk_bytes = size;
      other.threads = threads;
      other.dribble = size % 2 == 1;
      CAPTURE(text);
      CAPTURE(size);
      CAPTURE(threads);
      const Table table = read(text, other);
      CHECK(table.rows == oracle.rows);
      CHECK(table.rejects == oracle.rejects);
      CHECK(table.schema == oracle.schema);
      CHECK(table.error == oracle.error);
    }
  }
}

}  // namespace

TEST_SUITE("columns") {
  TEST_CASE("rows of each shape") {
    const Table table = read("a,b,c\n1,x,\r\n-2,\"y \"\"z\"\", and a long tail\",0.50\n\n3,\"\",\\N\r4,,1.25",
                             {.types = "a Int32|b String|c Nullable(Decimal(9, 2))"});
    CHECK(table.rows == "0: 1 'x' NULL\n1: -2 'y \"z\", and a long tail' 0.50\n2: 3 '' NULL\n3: 4 '' 1.25\n");
    CHECK(table.rejects == "");
    CHECK(table.error == "");
  }

  TEST_CASE("a text that means NULL is no value, whatever else it could be") {
    std::string text = "f,e,b,u\n", rows;
    for (int i = 0; i < 20; ++i) {
      text += "nan,NA,true,2\ninf,x,false,3\n\"nan\",\"NA\",\"true\",4\n";
      rows += std::to_string(3 * i) + ": NULL NULL NULL 2\n";
      rows += std::to_string(3 * i + 1) + ": inf x false 3\n" + std::to_string(3 * i + 2) + ": nan NA true 4\n";
    }
    const Table table = read_files({text}, {.types = "f Nullable(Float64)|e Nullable(Enum8('NA' = 1, 'x' = 2))|"
                                                     "b Nullable(Bool)|u UInt8",
                                            .nulls = {"nan", "NA", "true"}});
    CHECK(table.rejects == "");
    CHECK(table.rows == rows);
  }

  TEST_CASE("quotes around a field are no part of its value, whatever its type could hold") {
    const std::string types = "s FixedString(5)|e Enum8('\"a\"' = 1, 'a' = 2)|u Nullable(UUID)|n UInt32";
    std::string text = "s,e,u,n\n", rows;
    for (int i = 0; i < 20; ++i) {
      text += "\"x\",\"a\",\"6ba7b810-9dad-11d1-80b4-00c04fd430c8\",\"7\"\n\"y\"\"z\",\"\"\"a\"\"\",\\N,8\n\"\",a,,9\n";
      rows += std::to_string(3 * i) + ": x a 6ba7b810-9dad-11d1-80b4-00c04fd430c8 7\n";
      rows += std::to_string(3 * i + 1) + ": y\"z \"a\" NULL 8\n" + std::to_string(3 * i + 2) + ":  a NULL 9\n";
    }
    const Table table = read(text, {.types = types});
    CHECK(table.rows == rows);
    CHECK(table.rejects == "");
    CHECK(table.error == "");
    same_in_all_ways(text, {.types = types});
  }

  TEST_CASE("a quote that could begin a number is a quote") {
    std::string text = "a,b\n", rows;
    for (int i = 0; i < 20; ++i) {
      text += "121131,141\n25,1301\n";
      rows += std::to_string(2 * i) + ": 213 4\n" + std::to_string(2 * i + 1) + ": 25 30\n";
    }
    for (const char* types : {"a Int32|b UInt8", ""}) {
      const Table table = read(text, {.types = types, .quote = "1", .escape = "1"});
      CHECK(table.rows == rows);
      CHECK(table.error == "");
    }
  }

  TEST_CASE("rejects and their exact places") {
    const Table table = read("n,s\n1,a\n2\n3,c,d\nx,e\n300,f\n,g\n\"5\n\",h\n6,\"i\"j\n7,k\xFF\n8,l" +
                                 std::string(1, '\0') + "\n9,\\N\n1,\"m",
                             {.types = "n UInt8|s String"});
    CHECK(table.rows == "0: 1 'a'\n");
    CHECK(table.rejects ==
          "FB-CSV-0101 t.csv line 3 byte 8 record 1 [2] the record has too few fields: 1; 2 fields, as in the header\n"
          "FB-CSV-0102 t.csv line 4 byte 10 record 2 [3,c,d] the record has too many fields: 3; 2 fields, as in the "
          "header\n"
          "FB-TYPE-0102 t.csv line 5 byte 16 record 3 column 0 n [x,e] the text is no UInt8: 'x'; UInt8: from table "
          "default.t\n"
          "FB-TYPE-0103 t.csv line 6 byte 20 record 4 column 0 n [300,f] the value lies outside of the range of UInt8: "
          "'300'; UInt8: from table default.t\n"
          "FB-TYPE-0101 t.csv line 7 byte 26 record 5 column 0 n [,g] the field is empty and its column takes no NULL; "
          "UInt8: from table default.t\n"
          "FB-TYPE-0102 t.csv line 8 byte 29 record 6 column 0 n [\"5\n\",h] the text is no UInt8: '5\\x0a'; UInt8: "
          "from table default.t\n"
          "FB-CSV-0104 t.csv line 10 byte 36 record 7 [6,\"i\"j] text stands between the closing quote of a field and "
          "the next delimiter; a delimiter or a line end after the closing quote\n"
          "FB-CSV-0105 t.csv line 11 byte 45 record 8 column 1 s [7,k\xFF] the text is not UTF-8: 'k\\xff'; String: "
          "from table default.t\n"
          "FB-CSV-0106 t.csv line 12 byte 50 record 9 column 1 s [8,l" +
              std::string(1, '\0') +
              "] the text holds a NUL byte: 'l\\x00'; String: from table default.t\n"
              "FB-TYPE-0101 t.csv line 13 byte 55 record 10 column 1 s [9,\\N] the field means NULL and its column "
              "takes none: '\\N'; String: from table default.t\n"
              "FB-CSV-0103 t.csv line 14 byte 58 record 11 [1,\"m] a quoted field is not closed before the end; a "
              "closing quote\n");
  }

  TEST_CASE("headers") {
    CHECK(read("").error.find("t.csv is empty: expected at least a header") != std::string::npos);
    CHECK(read("\n\n").error.find("is empty") != std::string::npos);
    CHECK(read("a,b\n", {.types = "a Int8|b Int8"}) == read("\xEF\xBB\xBF"
                                                            "a,b",
                                                            {.types = "a Int8|b Int8"}));
    CHECK(read("a,b\n", {.types = "a Int8|b Int8"}).schema == "a Int8, b Int8");
    CHECK(read("\"a \"\"q\"\"\",\n1,2\n", {.all_text = true}).schema == "`a \"q\"` String, column_2 String");
    CHECK(read("x,y\n", {.all_text = true, .header = false}).rows == "0: 'x' 'y'\n");
    const std::string twice = read("a,b,a\n").error;
    CHECK(twice.find("two columns have the same name: a") != std::string::npos);
    CHECK(twice.find("t.csv:1, column 3 \"a\"") != std::string::npos);
    CHECK(read("a\n\n1\n", {.all_text = true}).rows == "0: ''\n1: '1'\n");
  }

  TEST_CASE("columns by name, in any order") {
    const Setup setup{.types = "a Int8|b String|c Date", .columns = {"c", "a"}};
    CHECK(read("a,b,c\n1,\xFF,2024-02-29\n", setup).rows == "0: 2024-02-29 1\n");
    CHECK(read("a,b\n", {.columns = {"bb"}}).error.find("did you mean b") != std::string::npos);
  }

  TEST_CASE("types from every row") {
    std::string text = "i,s,n\n";
    for (int i = 0; i < 3000; ++i) text += std::to_string(i) + ",x" + std::to_string(i) + ",\n";
    const std::string late = text + "-1,y,7\n100000,z,8\n";
    const Table table = read(late, {.chunk_bytes = 4096});
    CHECK(table.rejects == "");
    CHECK(table.schema == "i Int32, s String, n Nullable(UInt8)");
    Setup other{.threads = 2, .chunk_bytes = 64};
    CHECK(read(late, other) == table);
    // Two files: a pass over both, for the types of both.
    CHECK(read_files({text, late}, {}).schema == table.schema);
    CHECK(read_files({text, late}, {}).rejects == "");
  }

  TEST_CASE("several files have one header") {
    const Setup setup{.types = "a Int8|b Int8"};
    CHECK(read_files({"a,b\n1,2\n", "a,b\n3,4"}, setup).rows == "0: 1 2\n1: 3 4\n");
    CHECK(read_files({"a,b\n1,2\n", "a,c\n3,4"}, setup).error.find("the header lacks a column of the first file: b") !=
          std::string::npos);
    CHECK(read_files({"a,b\n1,2\n", "b,a\n3,4"}, setup).error.find("FB-CH-0103") != std::string::npos);
  }

  TEST_CASE("a record that is too wide is an error") {
    const std::string text = "a\n\"" + std::string(size_t{3} << 20, 'x');
    const std::vector<std::string_view> files{text};
    const auto source = source_of(files, {.types = "a String"});
    REQUIRE(source->open({.types = schema_of("a String"), .threads = 1, .memory_limit = size_t{4} << 20}, {}));
    const auto result = source->next({});
    REQUIRE_FALSE(result.ok());
    CHECK(result.error().code == Code::kRowTooWide);
    CHECK(result.error().where.byte == 2);
  }

  TEST_CASE("a stop ends reading") {
    std::stop_source stop;
    for (const unsigned threads : {1u, 2u}) {
      const std::vector<std::string_view> files{"a\n1\n"};
      const auto source = source_of(files, {});
      REQUIRE(source->open({.types = schema_of("a Int8"), .threads = threads}, {}));
      stop.request_stop();
      CHECK(source->next(stop.get_token()).error().code == Code::kCancelled);
    }
  }

  TEST_CASE("other dialects") {
    CHECK(read("a||b\n1||\"x||y\"\n", {.types = "a Int8|b String", .delimiter = "||"}).rows == "0: 1 'x||y'\n");
    CHECK(read("a,b\n1,\"x\\\"y\\\\\"\n", {.types = "a Int8|b String", .escape = "\\"}).rows == "0: 1 'x\"y\\'\n");
    const Setup tsv{.types = "a Int8|b Nullable(String)|c FixedString(4)|d Enum8('x\ty' = 1, 'z' = 2)",
                    .quote = "",
                    .escape = "\\",
                    .delimiter = "\t",
                    .nulls = {"\\N"}};
    CHECK(read("a\tb\tc\td\n1\t\\t\\n\\\\N\\x41\ta\\nb\tx\\ty\n\\x32\t\\N\t\\\\\tz\n"
               "3\t\"q\\\"\tabcd\tz\n4\t\\\\N\tabcd\tz\n5\t\tC:\\d\tz\n6\t\\\tabcd\tz\n",
               tsv)
              .rows ==
          "0: 1 '\t\n\\NA' a\nb x\ty\n1: 2 NULL \\ z\n2: 3 '\"q\"' abcd z\n3: 4 '\\N' abcd z\n"
          "4: 5 '' C:\\d z\n5: 6 '\\' abcd z\n");
    // Bytes that no text has are no text behind a backslash either.
    CHECK(read("a\tb\tc\td\n1\t\\0\tabcd\tz\n2\t\\xFF\tabcd\tz\n3\t\\xC3\\xA9\tabcd\tz\n", tsv).rows ==
          "2: 3 '\xC3\xA9' abcd z\n");
    CHECK(read("a,b\n-999,NA\n", {.types = "a Nullable(Int32)|b Nullable(String)", .nulls = {"-999", "NA"}}).rows ==
          "0: NULL NULL\n");
    CHECK(read("a,b\n\"-999\",\"NA\"\n", {.types = "a Nullable(Int32)|b Nullable(String)", .nulls = {"-999", "NA"}})
              .rows == "0: -999 'NA'\n");
  }

  TEST_CASE("the same result for every chunk size, thread count and way of arrival") {
    std::mt19937 random(5);
    const std::string letters = "a12,,,\n\n\r\"\"";
    for (int round = 0; round < 25; ++round) {
      std::string text = "h,i\n";
      const size_t size = random() % 120;
      for (size_t i = 0; i < size; ++i) text += letters[random() % letters.size()];
      same_in_all_ways(text, {.types = "h Nullable(Int16)|i Nullable(String)"});
    }
    std::string good = "k,t,d,when\r\n";
    for (int i = 0; i < 120; ++i) {
      good += std::to_string(i * 37) + ",\"te,xt\r\n " + std::to_string(i) + "\"," + std::to_string(i) + ".5" +
              std::to_string(i % 10) + ",2024-02-" + std::to_string(10 + i % 20) + (i % 3 ? "\r\n" : "\n");
      if (i % 50 == 7) good += "1,5\" pipe,2.00,2024-01-01\n";
    }
    same_in_all_ways(good, {.types = "k Int32|t String|d Decimal(9, 2)|when Date"});
    same_in_all_ways(good, {});
  }

  TEST_CASE("no byte behind the last one is read") {
    // A vector has none, so that a sanitizer would tell; the last field is empty.
    const std::string text = "a,b\n1234567890123456789,1.5\n1,";
    const std::vector<char> bytes(text.begin(), text.end());
    const std::string ended = text + "\n";
    const Table table =
        read_files({std::string_view(bytes.data(), bytes.size())}, {.types = "a Int64|b Nullable(Float64)"});
    CHECK(table.error == "");
    CHECK(table.rows == read_files({ended}, {.types = "a Int64|b Nullable(Float64)"}).rows);
  }

  TEST_CASE("where records are too short, a group of fields may lie behind the last byte") {
    // The rows of records that are no rows repeat the last good one, whose second field is empty.
    const std::string text = "a,b\n1\n2\n3\n4\n5\n6\n7\n8\n1234567890123456789012345678901234567890,";
    const std::vector<char> bytes(text.begin(), text.end());
    for (const std::string type : {"Int32", "Decimal(9, 2)", "Float64", "Date"}) {
      const Table table =
          read_files({std::string_view(bytes.data(), bytes.size())}, {.types = "a String|b Nullable(" + type + ")"});
      CAPTURE(type);
      CHECK(table.rows == "8: '1234567890123456789012345678901234567890' NULL\n");
      CHECK(std::ranges::count(table.rejects, '\n') == 8);
    }
  }

  TEST_CASE("column loops give what parse_value gives") {
    const std::string types[] = {"Int8",
                                 "Int32",
                                 "UInt64",
                                 "Int128",
                                 "Decimal(9, 2)",
                                 "Decimal(15, 2)",
                                 "Date",
                                 "Date32",
                                 "DateTime('UTC')",
                                 "DateTime64(3, 'UTC')",
                                 "Float64",
                                 "Int16",
                                 "Decimal(38, 4)",
                                 "Decimal(76, 0)",
                                 "UInt8",
                                 "Int64",
                                 "Float32",
                                 "FixedString(12)",
                                 "Enum8('\"a\"' = 1, 'a' = 2, '0' = 3)"};
    const std::string shapes[] = {"0",
                                  "-1",
                                  "12.50",
                                  "12.5",
                                  "99999999",
                                  "123456789",
                                  "2024-02-29",
                                  "2023-02-29",
                                  "2024-02-29 10:11:12",
                                  "2024-02-29T10:11:12.125Z",
                                  "1e3",
                                  "-",
                                  "12345678901234567",
                                  "18446744073709551615",
                                  "-128",
                                  "255",
                                  "256",
                                  ".5",
                                  "1.",
                                  "00012",
                                  "1234567890.12",
                                  "-0.01",
                                  "2150-01-01",
                                  "1899-12-31",
                                  "1969-12-31 23:59:59.999",
                                  "a"};
    std::mt19937 random(3);
    for (const std::string& name : types) {
      const Type type = *parse_type(name);
      std::string text = "first,v,last\n", expected;
      size_t kept = 0;
      for (int i = 0; i < 600; ++i) {
        std::string value = shapes[random() % std::size(shapes)];
        if (random() % 4 == 0) value = std::to_string(static_cast<int32_t>(random()));
        if (random() % 4 == 0) value = std::to_string(random() % 1000) + "." + std::to_string(10 + random() % 90);
        if (random() % 9 == 0) value[random() % value.size()] = static_cast<char>('-' + random() % 14);
        if (value.find(',') != std::string::npos) continue;
        const std::string quote(random() % 3 == 0, '"');
        text += "abc," + quote + value + quote + ",\n";
        std::byte bytes[32];
        if (parse_value(value, type, bytes) != Code::kOk) continue;
        ++kept;
        append_value(bytes, type, expected);
        expected += "\n";
      }
      Setup setup{.types = "first String|last String|v " + name, .columns = {"v"}};
      Table table = read(text, setup);
      std::string got;
      for (size_t at = 0; at < table.rows.size();) {
        const size_t end = table.rows.find('\n', at);
        got += table.rows.substr(table.rows.find(": ", at) + 2, end + 1 - table.rows.find(": ", at) - 2);
        at = end + 1;
      }
      CAPTURE(name);
      CHECK(kept > 5);
      CHECK(got == expected);
    }
  }
}
