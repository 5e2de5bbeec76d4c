// Batches through Arrow's C interfaces and back, and the types of others.
#include "flatbed/arrow.hpp"

#include <doctest/doctest.h>

#include <array>
#include <map>

#include "columns/arrow_c.hpp"
#include "encode/pieces.hpp"

using namespace flatbed;

namespace {

std::string blocks_of(const std::vector<Batch>& batches) {
  std::string text;
  for (const Batch& batch : batches) encode_native(batch, text);
  return text;
}

Result<std::vector<Batch>> read_all(Source& source, const ReadRequest& request = {}) {
  auto schema = source.open(request, {});
  if (!schema) return std::move(schema).error();
  std::vector<Batch> batches;
  while (true) {
    auto delivery = source.next({});
    if (!delivery) return std::move(delivery).error();
    if (!*delivery) return batches;
    CHECK((*delivery)->batch.schema() == *schema);
    batches.push_back(std::move((*delivery)->batch));
  }
}

// Arrow arrays of tests: everything lives in the test, so release does nothing but mark what is released.
struct Given {
  std::vector<const void*> buffers{};
  ArrowArray array{};
  ArrowSchema schema{};

  Given(const char* format, int64_t rows, std::vector<const void*> data, int64_t offset = 0)
      : buffers(std::move(data)) {
    array.length = rows;
    array.null_count = -1;
    array.offset = offset;
    array.n_buffers = static_cast<int64_t>(buffers.size());
    array.buffers = buffers.data();
    schema.format = format;
    schema.name = "c";
    schema.flags = ARROW_FLAG_NULLABLE;
  }
};

// One column as a stream of one batch.
struct OneColumn {
  Given& given;
  ArrowArray* children[1] = {&given.array};
  ArrowSchema* schemas[1] = {&given.schema};
  const void* no_buffers[1] = {nullptr};
  bool done = false;

  explicit OneColumn(Given& column) : given(column) {}

  ArrowArrayStream stream() {
    ArrowArrayStream out{};
    out.private_data = this;
    out.get_schema = [](ArrowArrayStream* s, ArrowSchema* to) {
      auto* self = static_cast<OneColumn*>(s->private_data);
      *to = {};
      to->format = "+s";
      to->n_children = 1;
      to->children = self->schemas;
      to->release = [](ArrowSchema* schema) { schema->release = nullptr; };
      return 0;
    };
    out.get_next = [](ArrowArrayStream* s, ArrowArray* to) {
      auto* self = static_cast<OneColumn*>(s->private_data);
      *to = {};
      if (std::exchange(self->done, true)) return 0;
      to->length = self->given.array.length;
      to->n_children = 1;
      to->children = self->children;
      to->n_buffers = 1;
      to->buffers = self->no_buffers;
      to->release = [](ArrowArray* array) { array->release = nullptr; };
      return 0;
    };
    out.get_last_error = [](ArrowArrayStream*) -> const char* { return nullptr; };
    out.release = [](ArrowArrayStream* s) { s->release = nullptr; };
    return out;
  }

  Result<std::vector<Batch>> read() {
    ArrowArrayStream moved = stream();
    auto source = stream_source(&moved);
    REQUIRE(source.ok());
    CHECK((moved.release == nullptr));
    return read_all(**source);
  }
};

Column read_column(Given given) {
  given.array.buffers = given.buffers.data();
  OneColumn one(given);
  auto batches = one.read();
  REQUIRE_MESSAGE(batches.ok(), to_string(batches.error()));
  REQUIRE(batches->size() == 1);
  return batches->front().column(0);
}

Error read_error(Given given) {
  given.array.buffers = given.buffers.data();
  OneColumn one(given);
  auto batches = one.read();
  REQUIRE(!batches.ok());
  return batches.error();
}

std::vector<std::string> texts(const Column& column) {
  std::vector<std::string> all;
  for (size_t row = 0; row < column.rows; ++row) all.emplace_back(column.is_null(row) ? "NULL" : column.text(row));
  return all;
}

}  // namespace

TEST_SUITE("columns") {
  TEST_CASE("what ClickHouse wrote goes through Arrow and comes back the same, types included") {
    for (const char* name : {"numbers", "decimals", "times", "others", "nulls", "lowcardinality", "two_blocks"}) {
      const auto batches = read_blocks(golden(name)).value();
      ArrowArrayStream stream{};
      REQUIRE(export_stream(memory_source(batches.front().schema(), batches), {}, &stream).ok());
      auto source = stream_source(&stream);
      REQUIRE(source.ok());
      const auto back = read_all(**source);
      REQUIRE_MESSAGE(back.ok(), std::string(name) << to_string(back.error()));
      CHECK(back->size() == batches.size());
      CHECK(back->front().schema() == batches.front().schema());
      CHECK_MESSAGE(blocks_of(*back) == blocks_of(batches), std::string(name));
    }
  }

  TEST_CASE("only the columns that were asked for") {
    const auto batches = read_blocks(golden("nulls")).value();
    ArrowArrayStream stream{};
    REQUIRE(export_stream(memory_source(batches.front().schema(), batches), {}, &stream).ok());
    auto source = stream_source(&stream).value();
    const auto back = read_all(*source, {.columns = {"s", "i"}});
    REQUIRE(back.ok());
    CHECK(to_string(back->front().schema()) == "s Nullable(String), i Nullable(Int32)");
    CHECK(back->front().column(0).text(1) == "1");
  }

  TEST_CASE("batches outlive the source they came from, and text is not copied") {
    const auto batches = read_blocks(golden("two_blocks")).value();
    ArrowArray array{};
    REQUIRE(export_batch(batches.front(), &array).ok());
    CHECK(array.length == 4);
    CHECK(array.children[1]->buffers[1] == batches.front().column(1).values.data());
    array.release(&array);
    CHECK((array.release == nullptr));
  }

  TEST_CASE("the formats that others use") {
    ArrowSchema schema{};
    const Schema types{{{"a", parse_type("Decimal(9, 2)").value(), ""},
                        {"b", parse_type("DateTime('Europe/Berlin')").value(), ""},
                        {"c", parse_type("DateTime64(4)").value(), ""},
                        {"d", parse_type("Nullable(UUID)").value(), ""},
                        {"e", parse_type("Enum8('x' = 1)").value(), ""},
                        {"f", parse_type("Decimal(40, 3)").value(), ""}}};
    REQUIRE(export_schema(types, &schema).ok());
    std::map<std::string, std::string> formats;
    for (int64_t i = 0; i < schema.n_children; ++i) formats[schema.children[i]->name] = schema.children[i]->format;
    CHECK(formats == std::map<std::string, std::string>{{"a", "d:9,2"},
                                                        {"b", "tss:Europe/Berlin"},
                                                        {"c", "tsu:UTC"},
                                                        {"d", "w:16"},
                                                        {"e", "vu"},
                                                        {"f", "d:40,3,256"}});
    CHECK(schema.children[3]->flags == ARROW_FLAG_NULLABLE);
    CHECK(schema.children[2]->flags == 0);
    schema.release(&schema);
  }

  TEST_CASE("columns that start inside of their buffers") {
    const std::array<int32_t, 5> numbers = {1, 2, 3, 4, 5};
    const uint8_t bits = 0b10110;  // rows 1, 2 and 4 of the buffer
    const Column column = read_column(Given("i", 3, {&bits, numbers.data()}, 2));
    CHECK(to_string(column.type) == "Nullable(Int32)");
    CHECK(column.nulls == 1);
    CHECK(column.is_null(1));
    CHECK(std::vector<int32_t>(column.as<int32_t>().begin(), column.as<int32_t>().end()) ==
          std::vector<int32_t>{3, 0, 5});

    const Column flags = read_column(Given("b", 3, {nullptr, &bits}, 2));
    CHECK(std::vector<uint8_t>(flags.as<uint8_t>().begin(), flags.as<uint8_t>().end()) ==
          std::vector<uint8_t>{1, 0, 1});
  }

  TEST_CASE("text with offsets, dictionaries, and columns of NULL alone") {
    const std::array<int32_t, 5> offsets = {0, 1, 1, 21, 23};
    const char* data = "ab long text of twenty!";
    const uint8_t bits = 0b1011;
    CHECK(texts(read_column(Given("u", 4, {&bits, offsets.data(), data}))) ==
          std::vector<std::string>{"a", "", "NULL", "y!"});
    const std::array<int64_t, 4> large = {0, 1, 1, 21};
    CHECK(texts(read_column(Given("U", 2, {nullptr, large.data(), data}, 1))) ==
          std::vector<std::string>{"", "b long text of twent"});

    Given dictionary("u", 4, {nullptr, offsets.data(), data});
    const std::array<int16_t, 3> indexes = {3, 0, 2};
    Given encoded("s", 3, {nullptr, indexes.data()});
    encoded.array.dictionary = &dictionary.array;
    encoded.schema.dictionary = &dictionary.schema;
    CHECK(texts(read_column(encoded)) == std::vector<std::string>{"y!", "a", "b long text of twent"});
    const std::array<int16_t, 1> outside = {4};
    encoded.buffers[1] = outside.data();
    encoded.array.length = 1;
    CHECK(read_error(encoded).code == Code::kOutOfRange);

    CHECK(texts(read_column(Given("n", 2, {}))) == std::vector<std::string>{"NULL", "NULL"});
  }

  TEST_CASE("decimals are stored as narrow as ClickHouse stores them, or refused") {
    const std::array<int64_t, 4> wide = {-510, -1, 999999999, 0};
    const Column column = read_column(Given("d:9,2", 2, {nullptr, wide.data()}));
    CHECK(to_string(column.type) == "Nullable(Decimal(9, 2))");
    CHECK(column.as<int32_t>()[0] == -510);
    CHECK(column.as<int32_t>()[1] == 999999999);
    const std::array<int64_t, 2> large = {int64_t{1} << 40, 0};
    const Error error = read_error(Given("d:9,2", 1, {nullptr, large.data()}));
    CHECK(error.code == Code::kOutOfRange);
    CHECK(error.where.record == 0u);
    CHECK(error.where.column_name == "c");
  }

  TEST_CASE("date64 must be whole days") {
    const std::array<int64_t, 2> days = {86'400'000, -86'400'000};
    const Column column = read_column(Given("tdm", 2, {nullptr, days.data()}));
    CHECK(to_string(column.type) == "Nullable(Date32)");
    CHECK(column.as<int32_t>()[1] == -1);
    const int64_t noon = 43'200'000;
    CHECK(read_error(Given("tdm", 1, {nullptr, &noon})).code == Code::kOutOfRange);
  }

  TEST_CASE("what is not carried is refused by name") {
    for (const char* format : {"+l", "e", "ttm", "tDs", "tiM", "d:9,-2", "w:0", "tsx:", "?"}) {
      const Error error = read_error(Given(format, 0, {nullptr, nullptr}));
      CHECK(error.code == Code::kUnsupportedType);
      CHECK(error.message == "Arrow's type is not carried: " + std::string(format));
      CHECK(error.where.column_name == "c");
    }
    ArrowArrayStream released{};
    CHECK(stream_source(&released).error().code == Code::kUsage);
  }

  TEST_CASE("a text that is not UTF-8 does not reach readers that trust it") {
    Column column{.type = {}, .rows = 1, .values = Buffer::allocate(sizeof(TextView))};
    const TextView view = TextView::of("\xFF", 0, 0);
    std::memcpy(column.values.writable(), &view, sizeof(view));
    auto schema = std::make_shared<const Schema>(Schema{{{"t", {}, ""}}});
    ArrowArray array{};
    const Status status = export_batch(Batch(schema, {column}, 1), &array);
    REQUIRE_FALSE(status.ok());
    CHECK(status.error().code == Code::kInvalidUtf8);
    CHECK(status.error().where.column_name == "t");
    CHECK(status.error().where.record == 0u);
  }
}
