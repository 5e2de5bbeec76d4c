// Native blocks against those that ClickHouse wrote, cut anywhere, and against bytes that are none.
#include "encode/native.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstring>

#include "encode/pieces.hpp"

namespace {

using namespace flatbed;

Batch read_one(const std::string& name) {
  auto batches = read_blocks(golden(name), 1 << 20);
  REQUIRE(batches.ok());
  REQUIRE(batches->size() == 1);
  return batches->front();
}

Error read_error(const std::string& text, size_t piece = 1 << 20) {
  auto batches = read_blocks(text, piece);
  REQUIRE(!batches.ok());
  return batches.error();
}

template <class T>
std::vector<T> values(const Batch& batch, std::string_view name) {
  const auto span = batch.column(batch.schema().find(name).value()).as<T>();
  return {span.begin(), span.end()};
}

std::vector<std::string> texts(const Batch& batch, std::string_view name) {
  const Column& column = batch.column(batch.schema().find(name).value());
  std::vector<std::string> all;
  for (size_t row = 0; row < column.rows; ++row) all.emplace_back(column.is_null(row) ? "NULL" : column.text(row));
  return all;
}

std::string type_of(const Batch& batch, std::string_view name) {
  return to_string(batch.schema().fields[batch.schema().find(name).value()].type);
}

using namespace std::string_literals;
const std::string kOneByte =
    "\x01\x01\x01"
    "a\x05"
    "UInt8*";

}  // namespace

TEST_SUITE("encode") {
  TEST_CASE("a block of ClickHouse is read and written again byte for byte, however it is cut") {
    for (const char* name : {"numbers", "decimals", "texts", "times", "others", "two_blocks"}) {
      const std::string text = golden(name);
      for (const size_t piece : {size_t{1}, size_t{2}, size_t{3}, size_t{7}, size_t{64}, size_t{1} << 20}) {
        auto batches = read_blocks(text, piece);
        REQUIRE_MESSAGE(batches.ok(), name << ": " << to_string(batches.error()));
        std::string again;
        for (const Batch& batch : *batches) encode_native(batch, again);
        CHECK_MESSAGE(again == text, name << " in pieces of " << piece);
      }
    }
  }

  TEST_CASE("texts of every length are written, wherever they lie in memory that is no larger than they are") {
    for (const size_t longest : {12u, 13u, 64u, 65u, 300u}) {
      for (const size_t rows : {1u, 2u, 6u, 700u}) {
        CAPTURE(longest);
        CAPTURE(rows);
        std::vector<std::string> texts(2);
        std::vector<TextView> views;
        std::string expected;
        for (size_t row = 0; row < rows; ++row) {
          const std::string text(row * 7 % (longest + 1), static_cast<char>('a' + row % 26));
          const auto buffer = static_cast<uint32_t>(row % 2);
          views.push_back(TextView::of(text, buffer, static_cast<uint32_t>(texts[buffer].size())));
          if (text.size() > TextView::kInlineBytes) texts[buffer] += text;
          if (text.size() >= 128) expected += static_cast<char>(text.size() % 128 + 128);
          expected += static_cast<char>(text.size() < 128 ? text.size() : text.size() / 128);
          expected += text;
        }
        // On the heap and of exactly their size, so that a sanitizer sees what is read behind them.
        const auto exact = [](const void* data, size_t bytes) {
          auto copy = std::make_shared<std::vector<char>>(bytes);
          if (bytes > 0) std::memcpy(copy->data(), data, bytes);
          return Buffer::wrap(copy->data(), bytes, copy);
        };
        Column column{.rows = rows, .values = exact(views.data(), views.size() * sizeof(TextView))};
        for (const std::string& text : texts) column.texts.push_back(exact(text.data(), text.size()));
        auto schema = std::make_shared<const Schema>(Schema{{{"a", column.type, ""}}});
        std::string block;
        encode_native(Batch(schema, {column}, rows), block);
        CHECK(block.ends_with("a\x06String" + expected));
      }
    }
  }

  TEST_CASE("numbers of a block") {
    const Batch batch = read_one("numbers");
    CHECK(batch.rows() == 3);
    CHECK(values<uint8_t>(batch, "b") == std::vector<uint8_t>{0, 1, 0});
    CHECK(type_of(batch, "b") == "Bool");
    CHECK(values<int8_t>(batch, "i8") == std::vector<int8_t>{-127, 0, 127});
    CHECK(values<int32_t>(batch, "i32") == std::vector<int32_t>{INT32_MIN, -1, INT32_MAX});
    CHECK(values<int64_t>(batch, "i64") == std::vector<int64_t>{INT64_MIN, -1, INT64_MAX});
    CHECK(values<uint64_t>(batch, "u64") == std::vector<uint64_t>{0, 1, UINT64_MAX});
    CHECK(values<double>(batch, "f64")[1] == -5e-324);
    CHECK(type_of(batch, "i256") == "Int256");
  }

  TEST_CASE("texts of a block, inside and outside of their views") {
    const Batch batch = read_one("texts");
    CHECK(texts(batch, "s") == std::vector<std::string>{"", "twelve bytes", "thirteen byte",
                                                        "a text that is longer than any view can hold inside itself",
                                                        std::string(200, 'x'), "\0\t\n\r\",\""s.substr(0, 6)});
    CHECK(texts(batch, "ns") ==
          std::vector<std::string>{"1. is not NULL", "NULL", "3. is not NULL", "NULL", "5. is not NULL", "NULL"});
    CHECK(type_of(batch, "f") == "FixedString(5)");
    CHECK(std::string_view(batch.column(1).values.chars(), 30) ==
          "\0\0\0\0\0a\0\0\0\0ab\0\0\0abc\0\0abcd\0"
          "12345"s);
  }

  TEST_CASE("what lies under a NULL is cleared") {
    const Batch batch = read_one("nulls");
    CHECK(batch.column(0).nulls == 7);
    CHECK(batch.column(4).nulls == 20);
    CHECK(batch.column(5).nulls == 0);
    CHECK(batch.column(2).is_null(7));
    const auto uuids = batch.column(2).as<std::array<uint64_t, 2>>();
    CHECK(uuids[6] == std::array<uint64_t, 2>{0x61f0c4045cb311e7, 0x907ba6006ad3dba0});
    CHECK(uuids[7] == std::array<uint64_t, 2>{0, 0});
    CHECK(texts(batch, "s")[0] == "NULL");
    CHECK(texts(batch, "s")[19] == "19");
    std::string again;
    encode_native(batch, again);
    auto back = read_blocks(again, 11);
    REQUIRE(back.ok());
    CHECK(values<int32_t>(back->front(), "i") == values<int32_t>(batch, "i"));
    CHECK(texts(back->front(), "s") == texts(batch, "s"));
    CHECK(back->front().column(3).is_null(8));
    CHECK(again.size() == golden("nulls").size());
  }

  TEST_CASE("a dictionary comes as values") {
    const Batch batch = read_one("lowcardinality");
    CHECK(texts(batch, "s") == std::vector<std::string>{"0", "1", "2", "0", "1", "2", "0", "1", "2", "0"});
    CHECK(texts(batch, "n") == std::vector<std::string>{"text 0", "NULL", "text 0", "text 1", "text 0", "NULL",
                                                        "text 0", "text 1", "text 0", "NULL"});
    CHECK(type_of(batch, "n") == "LowCardinality(Nullable(String))");
    std::string sent;
    encode_native(batch, sent);
    CHECK(sent.find("LowCardinality") == std::string::npos);
    auto back = read_blocks(sent, 5);
    REQUIRE(back.ok());
    CHECK(texts(back->front(), "n") == texts(batch, "n"));

    const Batch numbers = read_one("lowcardinality_numbers");
    for (uint16_t row = 0; row < 301; ++row) CHECK(values<uint16_t>(numbers, "n")[row] == row % 300);
    CHECK(numbers.column(0).nulls == 0);
  }

  TEST_CASE("blocks follow each other and share their schema") {
    auto batches = read_blocks(golden("two_blocks"), 10);
    REQUIRE(batches.ok());
    REQUIRE(batches->size() == 2);
    CHECK((*batches)[0].rows() == 4);
    CHECK(texts((*batches)[1], "s") == std::vector<std::string>{"4000012", "5000015", "6000018"});
    CHECK((*batches)[0].shared_schema() == (*batches)[1].shared_schema());
  }

  TEST_CASE("texts of every length are read, wherever a chunk ends, and unused bytes of a view are zero") {
    std::vector<std::string> expected;
    std::string block = "\x01\x95\x02\x01s\x06String";  // 277 rows
    for (size_t row = 0; row < 277; ++row) {
      std::string& text = expected.emplace_back();
      for (size_t i = 0; i < row * 5 % 139; ++i) text += static_cast<char>('!' + (row + i) % 90);
      if (text.size() >= 128) block += static_cast<char>(text.size() % 128 + 128);
      block += static_cast<char>(text.size() < 128 ? text.size() : text.size() / 128);
      block += text;
    }
    for (const size_t piece : {1u, 5u, 64u, 127u, 128u, 129u, 500u, 1u << 20}) {
      auto batches = read_blocks(block, piece);
      REQUIRE(batches.ok());
      CHECK(texts(batches->front(), "s") == expected);
      for (const TextView& view : batches->front().column(0).as<TextView>()) {
        for (size_t i = view.length; i < TextView::kInlineBytes; ++i) CHECK(view.inlined[i] == 0);
      }
    }
  }

  TEST_CASE("long texts that span chunks, with lengths of one to three bytes") {
    Column column{.type = *parse_type("String"), .rows = 5};
    const std::string long_text(70'000, 'q'), middle(300, 'm');
    column.texts.push_back(Buffer::wrap(long_text.data(), long_text.size(), nullptr));
    column.texts.push_back(Buffer::wrap(middle.data(), middle.size(), nullptr));
    column.values = Buffer::allocate(5 * sizeof(TextView));
    const TextView views[] = {TextView::of(long_text, 0, 0), TextView::of("", 0, 0), TextView::of(middle, 1, 0),
                              TextView::of("a", 0, 0), TextView::of(std::string_view(middle).substr(283), 1, 283)};
    std::memcpy(column.values.writable(), views, sizeof(views));
    auto schema = std::make_shared<const Schema>(Schema{{{"s", column.type, ""}}});
    std::string text;
    encode_native(Batch(schema, {column}, 5), text);
    for (const size_t piece : {1, 100, 4096, 100'000}) {
      auto batches = read_blocks(text, piece);
      REQUIRE(batches.ok());
      CHECK(texts(batches->front(), "s") == std::vector<std::string>{long_text, "", middle, "a", middle.substr(283)});
    }
  }

  TEST_CASE("a block cut short anywhere is an error, a stream cut between blocks is not") {
    const std::string text = golden("nulls");
    for (size_t cut = 1; cut < text.size(); ++cut) {
      auto batches = read_blocks(text.substr(0, cut), 1 << 20);
      REQUIRE_MESSAGE(!batches.ok(), cut);
      CHECK(batches.error().code == Code::kBadBlock);
      CHECK(batches.error().message == "the answer ends inside a block");
      CHECK(batches.error().where.byte == cut);
    }
    CHECK(read_blocks("", 1)->empty());
  }

  TEST_CASE("sizes are believed only as far as bytes have arrived") {
    // 2^31 - 1 rows of Int256, of String and of a dictionary, and a text of 4 GiB: none of them there.
    CHECK(read_error("\x01\xFF\xFF\xFF\xFF\x07\x01"
                     "a\x06Int256xxxx")
              .message == "the answer ends inside a block");
    CHECK(read_error("\x01\xFF\xFF\xFF\xFF\x07\x01"
                     "a\x06Stringxxxx")
              .message == "the answer ends inside a block");
    CHECK(read_error("\x01\x01\x01"
                     "a\x06String\xFF\xFF\xFF\xFF\x0Fxxxx")
              .message == "the answer ends inside a block");
    const Error rows = read_error("\x01\xFF\xFF\xFF\xFF\x0F");
    CHECK(rows.message == "the number of rows is too large: 4294967295");
    CHECK(rows.expected == "at most 2147483647");
    CHECK(rows.where.byte == 6);
    CHECK(read_error("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01").message == "the number of columns is not a number");
    CHECK(read_error(std::string("\x01\x01\xFF\xFF\x7F")).message ==
          "the length of the name of a column is too large: 2097151");
  }

  TEST_CASE("what a block may not hold") {
    CHECK(read_error("\x01\x01\x01"
                     "a\x0FNullable(UInt8)\x02*"s)
              .message == "a null map holds another byte than 0 and 1");
    CHECK(read_error("\x01\x01\x01"
                     "a\x04"
                     "Bool\x02"s)
              .message == "a block holds a number that its type does not have");
    CHECK(read_error("\x01\x01\x01"
                     "a\x0E"
                     "Enum8('x' = 1)\x02"s)
              .message == "a block holds a number that its type does not have");
    CHECK(read_error("\x02\x01\x01"
                     "a\x05UInt8*\x01"
                     "a\x05UInt8*"s)
              .message == "a block has a column twice: a");
    CHECK(read_error("\x00\x01"s).message == "a block has rows and no columns");
    const Error type = read_error(
        "\x01\x01\x01"
        "a\x0E"
        "Array(Dynamic)"s);
    CHECK(type.code == Code::kUnsupportedType);
    CHECK(type.message == "the type is not carried: Dynamic");
    CHECK(type.where.column_name == "a");
    CHECK(type.where.column == 0u);
    CHECK(read_error("\x01\x01\x01"
                     "a\x05UInt7"s)
              .code == Code::kBadBlock);
  }

  TEST_CASE("an exception that the server wrote into its answer is the server's error") {
    const std::string words =
        "Code: 395. DB::Exception: Value passed to 'throwIf' function is non-zero. (FUNCTION_THROW_IF)";
    const std::string marked =
        "\r\n__exception__\r\nabcdefghijklmnop\r\n" + words + "\n123 abcdefghijklmnop\r\n__exception__\r\n";
    for (const std::string& tail : {words + "\n", marked}) {
      for (const std::string& head : {""s, kOneByte, kOneByte.substr(0, 5),
                                      kOneByte + "\x01\xFF\x7F\x01"
                                                 "a\x06UInt64\x01\x02"}) {
        for (const size_t piece : {size_t{1}, size_t{13}, size_t{1} << 20}) {
          NativeReader reader(std::make_unique<Pieces>(head + tail, piece));
          auto batch = reader.next({});
          if (batch.ok() && *batch) batch = reader.next({});
          REQUIRE(!batch.ok());
          CHECK(batch.error().code == Code::kServer);
          CHECK(batch.error().message == words);
          CHECK(batch.error().native_code == 395);
        }
      }
    }
  }

  TEST_CASE("a table that holds a server's exception as data is not one") {
    std::string text =
        "\x01\x01\x01"
        "a\x06String\x1A"
        "Code: 395. DB::Exception: x";
    REQUIRE(text[11] == '\x1A');
    text[11] = '\x1B';
    auto batches = read_blocks(text, 4);
    REQUIRE(batches.ok());
    CHECK(texts(batches->front(), "a") == std::vector<std::string>{"Code: 395. DB::Exception: x"});
    text += "\x01";
    CHECK(read_error(text).code == Code::kBadBlock);
  }
}
