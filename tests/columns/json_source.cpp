// JSON files as rows: types from every record, values of every shape, the places of rejects, and the same result for
// every chunk size, thread count and number of files.
#include "columns/json_source.hpp"

#include <doctest/doctest.h>

#include <string>

#include "columns/nested_text.hpp"

using namespace flatbed;

namespace {

struct Setup {
  std::string types{};  // "name Type|name Type"; empty: found in the data
  std::vector<std::string> columns{};
  JsonSourceOptions options{};
  unsigned threads = 1;
  bool reopenable = true;
  Leniency leniency = Leniency::kAllow;
};

struct Table {
  std::string schema, rows, rejects, leniencies, error;
};

std::string line_of(const Error& reject) {
  const Location& where = reject.where;
  std::string text = std::string(code_name(reject.code)) + " line " + std::to_string(*where.line) + " byte " +
                     std::to_string(*where.byte) + " record " + std::to_string(*where.record);
  if (where.column) text += " column " + std::to_string(*where.column) + " " + where.column_name;
  return text + " [" + reject.raw + "] " + reject.message + (reject.expected.empty() ? "" : "; ") + reject.expected +
         "\n";
}

void append_rows(const Batch& batch, std::string& out) {
  std::vector<NestedText> columns;
  for (const Column& column : batch.columns()) columns.emplace_back(column);
  for (size_t row = 0; row < batch.rows(); ++row) {
    out += std::to_string(batch.record(row)) + ":";
    for (size_t i = 0; i < columns.size(); ++i) {
      out += ' ';
      if (batch.column(i).is_null(row))
        out += "NULL";
      else
        columns[i].append(row, out);
    }
    out += '\n';
  }
}

Schema schema_of(std::string_view text) {
  Schema schema;
  while (!text.empty()) {
    const std::string_view item = text.substr(0, text.find('|'));
    const size_t space = item.find(' ');
    schema.fields.push_back({std::string(item.substr(0, space)), *parse_type(item.substr(space + 1)), "table t"});
    text.remove_prefix(std::min(text.size(), item.size() + 1));
  }
  return schema;
}

Table read_files(const std::vector<std::string>& files, const Setup& setup) {
  std::vector<CsvInput> inputs;
  for (const std::string& file : files) {
    const std::string_view bytes = file;
    inputs.push_back({.uri = "t.json", .reopenable = setup.reopenable, .open = [bytes](std::stop_token) {
                        return Result<std::unique_ptr<ByteSource>>(memory_bytes(bytes, "t.json"));
                      }});
  }
  Table table;
  const auto source = json_source(std::move(inputs), setup.options);
  auto schema = source->open(
      {.columns = setup.columns, .types = schema_of(setup.types), .leniency = setup.leniency, .threads = setup.threads},
      {});
  if (!schema) {
    table.error = to_string(schema.error());
    return table;
  }
  table.schema = to_string(*schema);
  while (true) {
    auto delivery = source->next({});
    if (!delivery) {
      table.error = to_string(delivery.error());
      return table;
    }
    if (!*delivery) return table;
    REQUIRE((*delivery)->batch.origin().records == (*delivery)->batch.rows() + (*delivery)->rejects.size());
    append_rows((*delivery)->batch, table.rows);
    for (const Error& reject : (*delivery)->rejects) table.rejects += line_of(reject);
    for (const Finding& finding : (*delivery)->leniencies)
      table.leniencies += std::to_string(finding.count) + " " + line_of(finding.examples[0]);
  }
}

Table read(const std::string& text, const Setup& setup = {}) {
  return read_files({text}, setup);
}

std::string schema(const std::string& text, JsonSourceOptions options = {}) {
  const Table table = read(text, {.options = options});
  return table.schema + table.error;
}

void same_in_all_ways(const std::vector<std::string>& files, const Setup& setup) {
  const Table oracle = read_files(files, setup);
  for (const size_t size : {1, 2, 3, 5, 7, 8, 13, 17, 63, 64, 65, 4096}) {
    for (const unsigned threads : {1u, 2u, 8u}) {
      Setup other = setup;
      other.options.chunk_bytes = size;
      other.threads = threads;
      CAPTURE(size);
      CAPTURE(threads);
      const Table table = read_files(files, other);
      CHECK(table.rows == oracle.rows);
      CHECK(table.rejects == oracle.rejects);
      CHECK(table.schema == oracle.schema);
      CHECK(table.error == oracle.error);
    }
  }
}

constexpr JsonSourceOptions kValues{.layout = JsonLayout::kValues};

}  // namespace

TEST_SUITE("columns") {
  TEST_CASE("lines of JSON are rows, and every digit is kept") {
    const Table table = read(
        "{\"i\":18446744073709551616,\"d\":1.50,\"f\":1e-7,\"s\":\"a\\u00e9\\n\\\"\",\"b\":true}\n\n"
        "{\"b\":false,\"s\":\"007\",\"f\":2.5E10,\"d\":-12345678901234567890.123456789,\"i\":-1}\r\n"
        "  {\"i\":0,\"d\":3,\"f\":-0.1,\"s\":\"\",\"b\":true}");
    CHECK(table.schema == "i Int128, d Decimal(29, 9), f Float64, s String, b Bool");
    CHECK(table.rows ==
          "0: 18446744073709551616 1.500000000 1e-07 a\xC3\xA9\n\" true\n"
          "1: -1 -12345678901234567890.123456789 2.5e+10 007 false\n"
          "2: 0 3.000000000 -0.1  true\n");
    CHECK(table.rejects + table.error == "");
    const std::string wide(76, '9');
    CHECK(read("{\"a\":" + wide + "}").rows == "0: " + wide + "\n");
    CHECK(schema("{\"a\":1" + wide + "9}") == "a String");
  }

  TEST_CASE("a text of digits is a text, one of dates is a date") {
    CHECK(schema("{\"n\":\"1\",\"d\":\"2020-02-29\",\"t\":\"2020-02-29T01:02:03Z\",\"b\":\"true\"}") ==
          "n String, d Date, t DateTime('UTC'), b String");
    CHECK(schema("{\"u\":\"61f0c404-5cb3-11e7-907b-a6006ad3dba0\",\"i\":\"10.0.0.1\"}") == "u UUID, i IPv4");
    CHECK(schema("{\"d\":\"2020-02-29\"}\n{\"d\":\"\"}") == "d String");
    CHECK(schema("{\"d\":\"03/04/2020\"}").find("FB-DIA-0103") != std::string::npos);
    CHECK(schema("{\"d\":\"13/04/2020\"}\n{\"d\":\"03/04/2020\"}") == "d Date");
    CHECK(read("{\"d\":\"13/04/2020\"}\n{\"d\":\"03/04/2020\"}").rows == "0: 2020-04-13\n1: 2020-04-03\n");
    CHECK(schema("{\"d\":[\"03/04/2020\"]}") == "d Array(String)");
    CHECK(schema("{\"f\":1.5}\n{\"f\":\"nan\"}\n{\"f\":\"-inf\"}") == "f Float64");
    CHECK(schema("{\"f\":\"nan\"}") == "f String");
  }

  TEST_CASE("a key that comes late is a column, and one that is missing is NULL") {
    const Table table = read("{\"a\":1}\n{\"b\":\"x\"}\n{\"c\":null,\"a\":300}\n");
    CHECK(table.schema == "a Nullable(UInt16), b Nullable(String), c Nullable(String)");
    CHECK(table.rows == "0: 1 NULL NULL\n1: NULL x NULL\n2: 300 NULL NULL\n");
    CHECK(schema("{\"a\":1,\"b\":2}\n{\"b\":-3,\"a\":4}") == "a UInt8, b Int8");
  }

  TEST_CASE("nested values") {
    CHECK(schema("{\"o\":{\"x\":1,\"y\":[\"a\"]}}\n{\"o\":{\"y\":[],\"z\":null,\"x\":-1}}") ==
          "o Tuple(x Int8, y Array(String), z Nullable(String))");
    const Table table = read("{\"o\":{\"x\":1},\"a\":[[1],[null,2.5]]}\n{\"a\":[],\"o\":null}\n{\"a\":[[]]}");
    CHECK(table.schema == "o Tuple(x Nullable(UInt8)), a Array(Array(Nullable(Decimal(2, 1))))");
    CHECK(table.rows == "0: (1) [[1.0],[NULL,2.5]]\n1: (NULL) []\n2: (NULL) [[]]\n");
    CHECK(schema("{\"a\":[{\"x\":1},{\"y\":2}]}") == "a Array(Tuple(x Nullable(UInt8), y Nullable(UInt8)))");
    CHECK(schema("{\"o\":{}}\n{\"o\":{}}") == "o Map(String, String)");
    std::string many = "{\"m\":{";
    for (int i = 0; i < 201; ++i) many += (i == 0 ? "\"k" : ",\"k") + std::to_string(i) + "\":" + std::to_string(i);
    CHECK(schema(many + "}}") == "m Map(String, UInt8)");
    CHECK(read(many + "}}").rows.starts_with("0: {'k0':0,'k1':1,"));
  }

  TEST_CASE("values of several kinds are text, and so is an array that may be NULL") {
    const Table table =
        read("{\"v\":1.50}\n{\"v\":\"x\"}\n{\"v\":[ 1, \"b c\" ]}\n{\"v\":{\"k\" : true}}\n{\"v\":null}");
    CHECK(table.schema == "v Nullable(String)");
    CHECK(table.rows == "0: 1.50\n1: x\n2: [1,\"b c\"]\n3: {\"k\":true}\n4: NULL\n");
    CHECK(read("{\"v\":[1]}\n{}").schema == "v Nullable(String)");
    CHECK(read("{\"v\":[1]}\n{}").rows == "0: [1]\n1: NULL\n");
    CHECK(schema("{\"v\":true}\n{\"v\":2}") == "v String");
  }

  TEST_CASE("what is nested very deeply is text, and what is nested deeper still is no JSON to us") {
    const auto nested = [](int levels) { return std::string(levels, '[') + "1" + std::string(levels, ']'); };
    CHECK(read(nested(30)).rows == "0: " + nested(30) + "\n");
    CHECK(read(nested(900)).rows == "0: " + nested(32).replace(32, 1, "'" + nested(868) + "'") + "\n");
    CHECK(read(nested(1000)).rejects == "");
    CHECK(read(nested(1001)).rejects.starts_with("FB-JSON-0101"));
    std::string objects = "1";
    for (int i = 0; i < 900; ++i) objects = "{\"a\":" + objects + "}";
    CHECK(read(objects).error == "");
    CHECK(read(objects, {.options = {.flatten = true}}).error == "");
    CHECK(read(std::string(100000, '['), {.options = kValues}).error != "");
  }

  TEST_CASE("flattened objects") {
    JsonSourceOptions options{.flatten = true};
    const Table table = read("{\"a\":{\"b\":{\"c\":1},\"d\":[{\"e\":2}]},\"f\":3}\n{\"a\":{\"d\":[]}}\n{\"a\":null}",
                             {.options = options});
    CHECK(table.schema == "`a.b.c` Nullable(UInt8), `a.d` Nullable(String), f Nullable(UInt8)");
    CHECK(table.rows == "0: 1 [{\"e\":2}] 3\n1: NULL [] NULL\n2: NULL NULL NULL\n");
    CHECK(schema("{\"a\":{\"b\":1},\"a.b\":2}", options).find("FB-CSV-0108") != std::string::npos);
    CHECK(read("{\"a\":{\"b\":1,\"c\":2}}", {.columns = {"a.c"}, .options = options}).rows == "0: 2\n");
  }

  TEST_CASE("the types of a table rule") {
    const Setup setup{.types =
                          "n UInt64|s String|t Tuple(a UInt8, b Nullable(String))|m Map(String, Int8)|j JSON|"
                          "d Decimal(38, 4)|e Enum8('x' = 1)|p Tuple(Float64, Float64)"};
    const Table table = read(
        "{\"n\":\"18446744073709551615\",\"s\":{\"x\": [1]},\"t\":{\"b\":\"q\",\"a\":7},\"m\":{\"k\":1,\"k\":2},"
        "\"j\":{\"z\": 1.10},\"d\":1,\"e\":\"x\",\"p\":[1,2]}\n",
        setup);
    CHECK(table.rejects + table.error == "");
    CHECK(table.rows == "0: 18446744073709551615 {\"x\":[1]} (7,'q') {'k':1,'k':2} {\"z\":1.10} 1.0000 x (1,2)\n");
    CHECK(read("", setup).schema.starts_with("n UInt64, s String"));
  }

  TEST_CASE("rejects and their exact places") {
    const Table table = read(
        "{\"n\":1,\"s\":\"a\"}\n"
        "{\"n\":300,\"s\":\"b\"}\n"
        "{\"n\":1,\"s\":tru}\n"
        "[1]\n"
        "{\"n\":1,\"n\":2}\n"
        "{\"s\":\"c\"}\n"
        "{\"n\":null,\"s\":\"c\"}\n"
        "{\"n\":1,\"s\":\"\xFF\"}\n"
        "{\"n\":1,\"s\":\"\\ud800\"}\n"
        "{\"n\":1,\"s\":\"\"} {}\n"
        "{\"n\":[1],\"s\":\"d\"}\n"
        "{\"n\":2,\"s\":\"e\"}\n",
        {.types = "n UInt8|s String"});
    CHECK(table.rows == "0: 1 a\n11: 2 e\n");
    CHECK(
        table.rejects ==
        "FB-TYPE-0103 line 2 byte 21 record 1 column 0 n [{\"n\":300,\"s\":\"b\"}] the value lies outside of the "
        "range of UInt8: '300'; UInt8: from table t\n"
        "FB-JSON-0101 line 3 byte 45 record 2 [{\"n\":1,\"s\":tru}] the record is not well-formed JSON, at "
        "'tru}'; one JSON value a line\n"
        "FB-JSON-0102 line 4 byte 50 record 3 [[1]] the record is no object: '[1]'; an object\n"
        "FB-JSON-0103 line 5 byte 65 record 4 column 0 n [{\"n\":1,\"n\":2}] a key comes twice in one object: 'n'; "
        "each key once\n"
        "FB-TYPE-0101 line 6 byte 68 record 5 column 0 n [{\"s\":\"c\"}] a key is missing and its column takes no "
        "NULL; UInt8: from table t\n"
        "FB-TYPE-0101 line 7 byte 83 record 6 column 0 n [{\"n\":null,\"s\":\"c\"}] the value is null and its column "
        "takes none; UInt8: from table t\n"
        "FB-CSV-0105 line 8 byte 97 record 7 [{\"n\":1,\"s\":\"\xFF\"}] the record is not UTF-8, which JSON must be\n"
        "FB-JSON-0101 line 9 byte 124 record 8 [{\"n\":1,\"s\":\"\\ud800\"}] the record is not well-formed JSON, at "
        "'\"\\ud800\"}'; one JSON value a line\n"
        "FB-JSON-0101 line 10 byte 149 record 9 [{\"n\":1,\"s\":\"\"} {}] the record is not well-formed JSON, at '{}'; "
        "one JSON value a line\n"
        "FB-TYPE-0102 line 11 byte 157 record 10 column 0 n [{\"n\":[1],\"s\":\"d\"}] the text is no UInt8: '[1]'; "
        "UInt8: from table t\n");
  }

  TEST_CASE("rejects within nested values") {
    const auto reject = [](const std::string& type, const std::string& value) {
      const std::string rejects = read("{\"v\":" + value + "}", {.types = "v " + type}).rejects;
      const size_t begin = rejects.find("] ") + 2;
      return rejects.substr(0, 12) + ": " + rejects.substr(begin, rejects.find(';') - begin);
    };
    CHECK(reject("Tuple(a UInt8)", "{\"b\":1}") ==
          "FB-JSON-0104: the object has a key that no element of the Tuple takes: 'b'");
    CHECK(reject("Tuple(a UInt8)", "{\"a\":1,\"a\":1}") == "FB-JSON-0103: a key comes twice in one object: 'a'");
    CHECK(reject("Tuple(a UInt8)", "{}") == "FB-TYPE-0101: a key is missing and its column takes no NULL");
    CHECK(reject("Tuple(a UInt8)", "null") == "FB-TYPE-0101: the value is null and its column takes none");
    CHECK(reject("Tuple(UInt8, UInt8)", "[1,2,3]") ==
          "FB-TYPE-0102: the text is no Tuple(UInt8, UInt8): 'an array of 3'");
    CHECK(reject("Array(UInt8)", "[1,256]") == "FB-TYPE-0103: the value lies outside of the range of UInt8: '256'");
    CHECK(reject("Array(UInt8)", "\"[1]\"") == "FB-TYPE-0102: the text is no Array(UInt8): '[1]'");
    CHECK(reject("Map(UInt8, UInt8)", "{\"x\":1}") == "FB-TYPE-0102: the text is no UInt8: 'x'");
    CHECK(reject("JSON", "[1]") == "FB-TYPE-0102: the text is no JSON: '[1]'");
    CHECK(reject("JSON", "\"{}\"") == "FB-TYPE-0102: the text is no JSON: '{}'");
    CHECK(reject("DateTime", "20") == "FB-TYPE-0102: the text is no DateTime: '20'");
  }

  TEST_CASE("a record that is no JSON decides no type") {
    CHECK(read("{\"a\":1} {\"a\":2}", {.types = "a Int8|b Int8"}).rejects.starts_with("FB-JSON-0101"));
    CHECK(read("{\"a\":tru}\n").error == "");
    CHECK(read("{\"a\":tru}\n", {.types = "a Int8|b Int8"}).schema == "a Int8, b Int8");
    CHECK(read("{\"a\":tru}\n", {.types = "a Int8|b Int8"}).rejects.starts_with("FB-JSON-0101 line 1 byte 5 record 0"));
    CHECK(read("{\"a\":tru}\n").rejects.starts_with("FB-JSON-0101 line 1 byte 5 record 0"));
    const Table table = read("{\"a\":1}\n{\"a\":\"x\",\"b\":}\n{\"a\":2}\n");
    CHECK(table.schema == "a UInt8");
    CHECK(table.rows == "0: 1\n2: 2\n");
    CHECK(table.rejects.starts_with("FB-JSON-0101 line 2 byte 21 record 1 ["));
  }

  TEST_CASE("arrays, objects one after the other, one value") {
    for (const char* text :
         {"[{\"a\":1},\n {\"a\":[2]}]", "{\"a\":1}\n{\n\"a\":[2]}", "\xEF\xBB\xBF[ {\"a\":1} ,{\"a\":[2]}]\n"}) {
      const Table table = read(text, {.options = kValues});
      CHECK(table.rows + table.error == "0: 1\n1: [2]\n");
    }
    std::string wide = "\xFF\xFE";
    for (const char c : std::string("[{\"a\":1}, {\"a\":[2]}]")) wide += {c, '\0'};
    CHECK(read(wide, {.options = kValues}).rows == "0: 1\n1: [2]\n");
    CHECK(read("[1,null,-2]", {.options = kValues}).schema == "value Nullable(Int8)");
    CHECK(read("[[1],[2,3]]", {.options = kValues}).rows == "0: [1]\n1: [2,3]\n");
    CHECK(read(" \"x\" ", {.options = kValues}).rows == "0: x\n");
    CHECK(read("{\"a\":{\"b\":1}}", {.options = kValues}).schema == "a Tuple(b UInt8)");
    CHECK(schema("[]", kValues).starts_with("FB-SRC-0103"));
    CHECK(schema("", kValues).starts_with("FB-SRC-0103"));
    // An element that is no JSON is a reject where its brackets tell its end.
    const Table mended = read("[{\"a\":1},{\"a\":01},{\"a\" 2},{\"a\":3}]", {.options = kValues});
    CHECK(mended.rows == "0: 1\n3: 3\n");
    CHECK(mended.rejects.find("line 1 byte 14 record 1") != std::string::npos);
  }

  TEST_CASE("an array that is broken between its elements is an error with its place") {
    const auto error = [](const std::string& text) {
      const Table table = read(text, {.types = "a Nullable(String)", .options = kValues});
      const size_t second = table.error.find('\n') + 3;
      return table.rows + table.error.substr(0, 12) + ": " +
             table.error.substr(second, table.error.find('\n', second) - second);
    };
    CHECK(error("[{\"a\":1}\n{\"a\":2}]") ==
          "0: 1\nFB-JSON-0101: two elements of the array have no comma between them: '{\"a\":2}]'");
    CHECK(error("[{\"a\":1},]") == "0: 1\nFB-JSON-0101: a value is missing: ']'");
    CHECK(error("[{\"a\":1}") == "0: 1\nFB-JSON-0101: the array is not closed");
    CHECK(error("[{\"a\":1},{\"a\":[2}]") == "0: 1\nFB-JSON-0101: a bracket is closed by }: '}]'");
    CHECK(error("[{\"a\":1}]x") == "0: 1\nFB-JSON-0101: something stands behind the end of the JSON text: 'x'");
    CHECK(error("{\"a\":1} 2") == "0: 1\nFB-JSON-0101: something stands behind the end of the JSON text: '2'");
    CHECK(read("[1,\n\n[2}]", {.options = kValues}).error.find("t.json:3 (byte 7)") != std::string::npos);
  }

  TEST_CASE("records as they stand are only checked") {
    const Setup setup{.options = {.layout = JsonLayout::kValues, .as_is = true}};
    const Table table = read("[ {\"a\" : 1, \"a\":2}, 1.0, \"x\", nul, [] ]", setup);
    CHECK(table.schema == "json String");
    CHECK(table.rows == "0: {\"a\" : 1, \"a\":2}\n1: 1.0\n2: \"x\"\n4: []\n");
    CHECK(table.rejects.starts_with("FB-JSON-0101 line 1 byte 30 record 3 [nul] "));
    CHECK(read("[]", setup).error == "");
    CHECK(read(" ", setup).error.starts_with("FB-SRC-0103"));
  }

  TEST_CASE("what a value loses is told or rejected") {
    const std::string text = "{\"a\":-0,\"b\":[\"007\"]}\n{\"a\":1,\"b\":[\"7\"]}\n";
    const Setup setup{.types = "a Int8|b Array(UInt8)", .leniency = Leniency::kReport};
    CHECK(read(text, setup).leniencies.find("1 FB-TYPE-0106 line 1 byte 5 record 0 column 0 a") != std::string::npos);
    CHECK(read(text, setup).leniencies.find("1 FB-TYPE-0106 line 1 byte 13 record 0 column 1 b") != std::string::npos);
    CHECK(read(text, {.types = setup.types, .leniency = Leniency::kReject}).rows == "1: 1 [7]\n");
  }

  TEST_CASE("columns that are chosen, and keys that come too late for a stream") {
    CHECK(read("{\"a\":1,\"b\":2}", {.columns = {"b"}}).rows == "0: 2\n");
    CHECK(read("{\"a\":1,\"b\":2}", {.columns = {"c"}}).error.starts_with("FB-USE-0106"));
    CHECK(read("{\"b\":2,\"a\":\"x\"}", {.types = "a Int8|b UInt8", .columns = {"b"}}).rows == "0: 2\n");
    std::string late;
    while (late.size() < (size_t{9} << 20)) late += "{\"a\":\"" + std::string(100000, 'x') + "\"}\n";
    late += "{\"a\":\"y\",\"late\":1}\n";
    const Table stream = read(late, {.reopenable = false});
    CHECK(stream.schema == "a String");
    CHECK(stream.rejects.find("the record has a key that no column takes: 'late'; the keys of the first records") !=
          std::string::npos);
    const Table file = read(late);
    CHECK(file.schema == "a String, late Nullable(UInt8)");
    CHECK(file.rejects == "");
  }

  TEST_CASE("plain records are read as those that are walked") {
    // Values of every kind, some of which are odd, unfit or no JSON; a few records differ in more than values.
    const std::vector<std::string> ids = {"1",  "-2",    "0",           "300", "70000", "null", "1.5",
                                          "-0", "\"7\"", "12345678901", "-",   "-01",   "-7",   "01"};
    const std::vector<std::string> texts = {"\"\"",
                                            "\"a\"",
                                            "\"twelve bytes\"",
                                            "\"thirteen bytes\"",
                                            "null",
                                            "\"K\u00f6ln\"",
                                            "\"a \\\"word\\\" in quotes\"",
                                            "\"\\u0041\"",
                                            "\"null\"",
                                            "\"a\tb\"",
                                            "true",
                                            "\"" + std::string(100, 'x') + "\""};
    const std::vector<std::string> days = {"\"2026-01-31\"", "\"1999-12-31\"", "null",
                                           "\"2026-02-30\"", "\"\"",           "20260131"};
    const std::vector<std::string> floats = {"0.5", "1e3", "-12.25", "\"nan\"", "1E+2", "123456789012345678",
                                             "1.",  "tru"};
    std::string lines, spaced;
    for (size_t i = 1; i < 6000; ++i) {
      // Unusual values are seldom, so that most records are plain.
      const auto pick = [i](const std::vector<std::string>& from, size_t step) {
        return from[i % step == 0 ? i / step % from.size() : i % 2];
      };
      const std::string members[] = {"\"id\":" + pick(ids, 5), "\"text\":" + pick(texts, 7),
                                     "\"day\":" + pick(days, 11), "\"float\":" + pick(floats, 13)};
      const std::string comma = i % 97 == 0 ? " ," : ",", last = i % 101 == 0 ? members[0] : members[3];
      std::string record = "{" + members[0] + comma + members[1] + comma + members[2];
      if (i % 103 != 0) record += comma + last;
      record += i % 107 == 0 ? ",\"new\":1}" : i % 109 == 0 ? "" : "}";
      lines += record + "\n";
      spaced += "{" + std::string(i % 3, ' ') + record.substr(1) + "\n";
    }
    for (const char* types : {"", "id Nullable(Int32)|text Nullable(String)|day Nullable(Date)|float Nullable(Float64)",
                              "id UInt8|text String|day Date|float Float32", "id String|text LowCardinality(String)"}) {
      CAPTURE(types);
      const Table plain = read(lines, {.types = types});
      const Table walked = read(lines, {.types = types, .leniency = Leniency::kReport});
      CHECK(plain.error == "");
      CHECK(plain.rows == walked.rows);
      CHECK(plain.rejects == walked.rejects);
      CHECK(plain.schema == walked.schema);
      // Records that begin in three ways are mostly odd.
      const Table odd = read(spaced, {.types = types});
      CHECK(plain.schema == odd.schema);
      CHECK(plain.rows == odd.rows);
    }
    Setup small;
    same_in_all_ways({lines.substr(0, lines.find('\n', 20'000) + 1)}, small);
  }

  TEST_CASE("the result depends on neither chunks nor threads") {
    const std::string lines =
        "{\"a\":1,\"b\":{\"c\":[1,2,{\"d\":\"x\\u0041\"}]}}\n\n{\"a\":\"2\",\"b\":null}\n{\"a\":3\n{\"b\":{\"c\":[]},"
        "\"e\":1.5}\r\n{\"a\":4,\"a\":5}\n7\n";
    same_in_all_ways({lines}, {});
    same_in_all_ways({lines, "{\"z\":[1]}\n", lines}, {});
    const std::string values =
        "[{\"a\":1, \"s\":\"[}\\\"\\\\\"}, {\"a\":[2, 3]} , {\"a\":{}},\n{\"a\":-1.5e3}, {\"a\" 1}]\n";
    same_in_all_ways({values}, {.options = kValues});
    same_in_all_ways({values, "{\"q\":1}{\"q\":2}", "[]"}, {.options = kValues});
    for (const JsonLayout layout : {JsonLayout::kLines, JsonLayout::kValues})
      same_in_all_ways({"\r\r\n{\"a\":1}\r\n{\"a\":\r2x}\r\n\n{\"a\":3\r\n}\r{\"a\":x}"},
                       {.options = {.layout = layout}});
    same_in_all_ways({"[{\"a\":1},{\"a\":2} {\"a\":3}]"}, {.options = kValues});
    same_in_all_ways({"[{\"a\":1},{\"a\":\"2]"}, {.types = "a String", .options = kValues});
  }
}
