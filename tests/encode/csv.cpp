// CSV as it is written: what needs quotes, how NULL differs from empty text, and what a dialect cannot hold.
#include "encode/encoder.hpp"

#include <doctest/doctest.h>

#include <optional>

#include "columns/text_builder.hpp"
#include "encode/dialects.hpp"
#include "encode/pieces.hpp"

using namespace flatbed;

namespace {

using Cells = std::vector<std::optional<std::string>>;

Column column_of(const Cells& cells, bool nullable) {
  Column column{.type = {.nullable = nullable}, .rows = cells.size()};
  TextBuilder texts(cells.size());
  column.validity = Buffer::allocate((cells.size() + 7) / 8);
  std::memset(column.validity.writable(), 0xFF, column.validity.size());
  for (size_t row = 0; row < cells.size(); ++row) {
    if (cells[row]) {
      texts.add(*cells[row]);
    } else {
      texts.add_null();
      ++column.nulls;
      column.validity.writable()[row / 8] &= std::byte(~(1u << (row % 8)));
    }
  }
  std::move(texts).finish(column);
  if (column.nulls == 0) column.validity = {};
  return column;
}

Batch batch_of(std::vector<Column> columns) {
  Schema schema;
  for (const Column& column : columns)
    schema.fields.push_back({std::string(1, char('a' + schema.size())), column.type, ""});
  const size_t rows = columns.front().rows;
  return Batch(std::make_shared<const Schema>(std::move(schema)), std::move(columns), rows);
}

std::string written(const Batch& batch, csv::WriterOptions options = {}) {
  options.dialect.header.value = false;
  std::string out;
  const Status status = csv_encoder(options)->encode(batch, out);
  if (!status) return std::string(code_name(status.error().code)) + ": " + status.error().message;
  return out;
}

// One nullable text between two others, so that it is neither first nor alone.
std::string cell(const std::optional<std::string>& text, const csv::WriterOptions& options = {}) {
  const std::string line =
      written(batch_of({column_of({"<"}, false), column_of({text}, true), column_of({">"}, false)}), options);
  const std::string& delimiter = options.dialect.delimiter.value;
  if (!line.starts_with("<" + delimiter) || !line.ends_with(delimiter + ">\n")) return line;
  return line.substr(1 + delimiter.size(), line.size() - 3 - 2 * delimiter.size());
}

}  // namespace

TEST_SUITE("encode") {
  TEST_CASE("text is quoted where a reader would see something else") {
    CHECK(cell("plain") == "plain");
    CHECK(cell("two words") == "two words");
    for (const std::string text :
         {" ", " x", "x ", "\tx", "x\t", " a text of more than twelve bytes", "and its end is one "})
      CHECK(cell(text) == "\"" + text + "\"");
    CHECK(cell("a,b") == "\"a,b\"");
    CHECK(cell("say \"so\"") == "\"say \"\"so\"\"\"");
    CHECK(cell("two\nlines") == "\"two\nlines\"");
    CHECK(cell("two\rlines") == "\"two\rlines\"");
    CHECK(cell("\"") == "\"\"\"\"");
    for (const size_t length : {1, 7, 8, 11, 12, 13, 15, 16, 17, 31, 32, 33, 48, 100}) {
      for (size_t at = 0; at < length; ++at) {
        std::string text(length, 'x');
        CHECK(cell(text) == text);
        text[at] = ',';
        CHECK(cell(text) == "\"" + text + "\"");
        text[at] = '"';
        const std::string doubled = std::string(text).insert(at, 1, '"');
        CHECK(cell(text) == "\"" + doubled + "\"");
      }
    }
  }

  TEST_CASE("NULL, empty text and the text of a NULL are three things") {
    CHECK(cell(std::nullopt) == "");
    CHECK(cell("") == "\"\"");
    CHECK(cell("\\N") == "\"\\N\"");
    CHECK(written(batch_of({column_of({"", "\\N"}, false), column_of({"x", "y"}, false)})) == ",x\n\"\\N\",y\n");
    CHECK(written(batch_of({column_of({std::nullopt, "", "a"}, true)})) == "\n\"\"\na\n");
    CHECK(cell(std::nullopt, with(",", "\"", "\"", {"NA", "-"})) == "NA");
    CHECK(cell("", with(",", "\"", "\"", {"NA", "-"})) == "");
    CHECK(cell("NA", with(",", "\"", "\"", {"NA", "-"})) == "\"NA\"");
    CHECK(cell("-", with(",", "\"", "\"", {"NA", "-"})) == "\"-\"");
    CHECK(cell(std::nullopt, with(",", "\"", "\"", {})) ==
          "FB-TYPE-0104: a NULL cannot be written: the dialect has no text for it");
  }

  TEST_CASE("other dialects") {
    CHECK(cell("a,b\tc", with("\t", "\"", "\"")) == "\"a,b\tc\"");
    CHECK(cell("a,b", with("\t", "\"", "\"")) == "a,b");
    CHECK(cell("a|b", with("||", "\"", "\"")) == "\"a|b\"");
    CHECK(cell("a'b", with(",", "'", "'")) == "'a''b'");
    CHECK(cell("a\"b\\", with(",", "\"", "\\")) == "\"a\\\"b\\\\\"");
    CHECK(cell("a\"b", with(",", "\"", "")) == "a\"b");
    CHECK(cell("\"b", with(",", "\"", "")).starts_with("FB-TYPE-0104"));
    CHECK(cell("a,b", with(",", "", "")) ==
          "FB-TYPE-0104: a text of the row cannot be written: the dialect has no way to quote it");
    csv::WriterOptions crlf;
    crlf.dialect.newline.value = "\r\n";
    CHECK(written(batch_of({column_of({"a", "b"}, false)}), crlf) == "a\r\nb\r\n");
  }

  TEST_CASE("values of other types are quoted where the dialect is made of their characters") {
    const Batch batch = read_blocks(golden("decimals")).value().front();
    CHECK(written(batch).starts_with("-9999999.99,-99999999999999.9999,-9999999999999999999999999999.9999999999,"));
    CHECK(written(batch, with(".", "\"", "\"")).starts_with("\"-9999999.99\".\"-99999999999999.9999\"."));
    CHECK(written(batch, with(",", "\"", "\"", {"0.00"})).find("\n\"0.00\",0.0001,") != std::string::npos);
  }

  TEST_CASE("every type of ClickHouse has a text") {
    CHECK(written(read_blocks(golden("numbers")).value().front()) ==
          "0,false,-127,-32768,-2147483648,-9223372036854775808,-170141183460469231731687303715884105728,"
          "-57896044618658097711785492504343953926634992332820282019728792003956564819968,0,0,0,0,0,0.1,0.1\n"
          "1,true,0,-1,-1,-1,-1,-1,32767,2147483647,1,1,1,-1e-45,-5e-324\n"
          "2,false,127,32766,2147483647,9223372036854775807,170141183460469231731687303715884105727,"
          "57896044618658097711785492504343953926634992332820282019728792003956564819967,65534,4294967294,"
          "18446744073709551615,340282366920938463463374607431768211455,"
          "115792089237316195423570985008687907853269984665640564039457584007913129639935,3.4028235e+38,inf\n");
    CHECK(written(read_blocks(golden("times")).value().front())
              .starts_with("1970-01-01,1900-01-01,1970-01-01 00:00:00,1970-01-01 00:00:00,1900-01-01 "
                           "00:00:00,1900-01-01 00:00:00.001,"
                           "1900-01-01 00:00:00.000000001\n"));
    CHECK(written(read_blocks(golden("others")).value().front()) ==
          "00000000-0000-0000-0000-000000000000,0.0.0.0,::,a,low\n"
          "61f0c404-5cb3-11e7-907b-a6006ad3dba0,192.168.1.2,2001:db8::1,it's,mid\n"
          "ffffffff-ffff-ffff-ffff-ffffffffffff,255.255.255.255,::ffff:1.2.3.4,b\\c,high\n");
    CHECK(written(read_blocks(golden("nulls")).value().front())
              .starts_with(",,61f0c404-5cb3-11e7-907b-a6006ad3dba0,on,,false\n1,1,"));
  }

  TEST_CASE("the header is quoted like text") {
    std::string out;
    csv::Writer().header(Schema{{{"a", {}, ""}, {"b,c", {}, ""}, {"", {}, ""}}}, out);
    CHECK(out == "a,\"b,c\",\"\"\n");
  }

  TEST_CASE("a byte order mark that is data is not taken for one that is not") {
    CHECK(written(batch_of({column_of({"\xEF\xBB\xBFx"}, false)})) == "\"\xEF\xBB\xBFx\"\n");
  }

  TEST_CASE("cells that a spreadsheet would run are marked on request") {
    csv::WriterOptions safe;
    safe.formula_safe = true;
    CHECK(cell("=1+1", safe) == "'=1+1");
    CHECK(cell("@a,b", safe) == "\"'@a,b\"");
    CHECK(cell("a=1", safe) == "a=1");
    CHECK(cell("=1+1") == "=1+1");
    CHECK(written(read_blocks(golden("numbers")).value().front(), safe).find('\'') == std::string::npos);
  }

  TEST_CASE("many rows and long texts") {
    Cells cells;
    std::string expected;
    for (size_t i = 0; i < 1000; ++i) {
      cells.emplace_back(std::string(i, '"') + std::to_string(i));
      const std::string doubled(2 * i, '"');
      expected += i == 0 ? "0\n" : "\"" + doubled + std::to_string(i) + "\"\n";
    }
    CHECK(written(batch_of({column_of(cells, false)})) == expected);
  }

  TEST_CASE("a zone or an encoding that is not known is an error") {
    Column column{.type = parse_type("DateTime('Mars/Olympus')").value(), .rows = 1, .values = Buffer::allocate(4)};
    CHECK(written(batch_of({column})) == "FB-USE-0103: the system does not know the time zone 'Mars/Olympus'");
    csv::WriterOptions latin;
    latin.dialect.encoding.value = "latin-1";
    CHECK(written(batch_of({column_of({"a"}, false)}), latin) ==
          "FB-USE-0103: text is not written in this encoding: latin-1");
  }

  TEST_CASE("texts that would not be read back as they are end in an error that tells the place") {
    // Put together, the two texts would be UTF-8.
    const Batch halves = batch_of({column_of({"a", "\xC3"}, false), column_of({"\xA9", "b"}, false)});
    const std::string refused = "FB-CSV-0105: a text is not UTF-8, so its bytes would not be read back as they are";
    CHECK(written(halves) == refused);
    CHECK(written(batch_of({column_of({"caf\xC3\xA9", "\xE9"}, false)})) == refused);
    CHECK(written(batch_of({column_of({std::string("a\0b", 3)}, true)})) ==
          "FB-CSV-0106: a text holds a NUL byte, which files of text are not read with");
    std::string out = "of the batch before: \xFF";
    const Status status = csv_encoder({})->encode(halves, out);
    CHECK(status.error().where.record == 0);
    CHECK(status.error().where.column_name == "b");
    csv::WriterOptions bytes;
    bytes.dialect.encoding.value = "bytes";
    CHECK(written(halves, bytes) == "a,\xA9\n\xC3,b\n");
    // What the delimiter is was asked for.
    csv::WriterOptions section;
    section.dialect.delimiter.value = "\xA7";
    CHECK(written(batch_of({column_of({"a"}, false), column_of({"b"}, false)}), section) ==
          "a\xA7"
          "b\n");
  }

  TEST_CASE("backslashes in place of quotes") {
    csv::WriterOptions tsv;
    tsv.dialect.delimiter.value = "\t";
    tsv.dialect.quote.value = "";
    tsv.dialect.escape.value = "\\";
    tsv.dialect.nulls.value = {"\\N"};
    CHECK(cell("a\tb\nc\rd\\e \"f\" ", tsv) == "a\\tb\\nc\\rd\\\\e \"f\" ");
    CHECK(cell("\\N", tsv) == "\\\\N");
    CHECK(cell(std::nullopt, tsv) == "\\N");
    CHECK(cell("", tsv).empty());
    const std::string longer(100, 'x');
    CHECK(cell(longer + "\t" + longer, tsv) == longer + "\\t" + longer);
    CHECK(written(batch_of({column_of({"\xEF\xBB\xBFx"}, false)}), tsv) == "\\xEF\\xBB\\xBFx\n");
    std::string header;
    csv::Writer(tsv).header(Schema{{{"a\tb", {}, ""}, {"c", {}, ""}}}, header);
    CHECK(header == "a\\tb\tc\n");
    tsv.dialect.delimiter.value = ",";
    CHECK(cell("a,b\n", tsv).starts_with("FB-TYPE-0104"));
    tsv.dialect.nulls.value = {"", "\\N"};
    CHECK(cell("", tsv).starts_with("FB-TYPE-0104"));
  }
}
