// Batches to Arrow. Enters: a schema, a batch or a source. Leaves: the structs of Arrow's C interfaces.
// Invariant: the exported structs keep alive what they point into; release() frees it once.
// Text goes out as string views ("vu"), which is how it lies in a column: pyarrow, Polars and DuckDB read it.
#include <simdjson.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <limits>
#include <new>
#include <utility>

#include "columns/arrow_c.hpp"
#include "columns/text_builder.hpp"
#include "flatbed/arrow.hpp"

namespace flatbed {
namespace {

// What an exported schema points into.
struct SchemaHolder {
  std::string format, name, metadata;
  std::vector<ArrowSchema> children{};
  std::vector<ArrowSchema*> pointers{};

  static void release(ArrowSchema* schema) {
    for (int64_t i = 0; i < schema->n_children; ++i) {
      ArrowSchema* child = schema->children[i];
      if (child->release != nullptr) child->release(child);
    }
    delete static_cast<SchemaHolder*>(schema->private_data);
    schema->release = nullptr;
  }

  static ArrowSchema give(std::unique_ptr<SchemaHolder> holder, bool nullable) {
    for (ArrowSchema& child : holder->children) holder->pointers.push_back(&child);
    ArrowSchema schema{};
    schema.format = holder->format.c_str();
    schema.name = holder->name.c_str();
    schema.metadata = holder->metadata.empty() ? nullptr : holder->metadata.data();
    schema.flags = nullable ? ARROW_FLAG_NULLABLE : 0;
    schema.n_children = static_cast<int64_t>(holder->children.size());
    schema.children = holder->pointers.data();
    schema.release = release;
    schema.private_data = holder.release();
    return schema;
  }
};

// What an exported array points into.
struct ArrayHolder {
  std::vector<Buffer> buffers{};
  std::vector<const void*> addresses{};
  std::vector<ArrowArray> children{};
  std::vector<ArrowArray*> pointers{};

  static void release(ArrowArray* array) {
    for (int64_t i = 0; i < array->n_children; ++i) {
      ArrowArray* child = array->children[i];
      if (child->release != nullptr) child->release(child);
    }
    delete static_cast<ArrayHolder*>(array->private_data);
    array->release = nullptr;
  }

  static ArrowArray give(std::unique_ptr<ArrayHolder> holder, size_t rows, size_t nulls) {
    for (const Buffer& buffer : holder->buffers) holder->addresses.push_back(buffer.data());
    if (nulls == 0) holder->addresses.front() = nullptr;
    for (ArrowArray& child : holder->children) holder->pointers.push_back(&child);
    ArrowArray array{};
    array.length = static_cast<int64_t>(rows);
    array.null_count = static_cast<int64_t>(nulls);
    array.n_buffers = static_cast<int64_t>(holder->addresses.size());
    array.buffers = holder->addresses.data();
    array.n_children = static_cast<int64_t>(holder->children.size());
    array.children = holder->pointers.data();
    array.release = release;
    array.private_data = holder.release();
    return array;
  }
};

std::string metadata_of(const Type& type) {
  std::string metadata;
  const auto add = [&metadata](std::string_view text) {
    const auto size = static_cast<int32_t>(text.size());
    metadata.append(reinterpret_cast<const char*>(&size), sizeof(size)).append(text);
  };
  const int32_t pairs = 1;
  metadata.append(reinterpret_cast<const char*>(&pairs), sizeof(pairs));
  add("clickhouse:type");
  add(to_string(type));
  return metadata;
}

// The power of ten that Arrow's next finer unit of time adds to a scale.
unsigned unit_scale(unsigned scale) {
  return (scale + 2) / 3 * 3;
}

std::string format_of(const Type& type) {
  const std::string zone = type.timezone.empty() ? "UTC" : type.timezone;
  switch (type.id) {
    case TypeId::kBool:
      return "b";
    case TypeId::kInt8:
      return "c";
    case TypeId::kInt16:
      return "s";
    case TypeId::kInt32:
      return "i";
    case TypeId::kInt64:
      return "l";
    case TypeId::kUInt8:
      return "C";
    case TypeId::kUInt16:
      return "S";
    case TypeId::kUInt32:
    case TypeId::kIpv4:
      return "I";
    case TypeId::kUInt64:
      return "L";
    case TypeId::kFloat32:
      return "f";
    case TypeId::kFloat64:
      return "g";
    case TypeId::kString:
    case TypeId::kEnum8:
    case TypeId::kEnum16:
    case TypeId::kJson:
      return "vu";
    case TypeId::kState:
      return "vz";
    case TypeId::kTime:
      return "i";
    case TypeId::kTime64:
      return "l";
    case TypeId::kBFloat16:
      return "f";
    case TypeId::kArray:
      return "+L";
    case TypeId::kTuple:
      return "+s";
    case TypeId::kMap:
      return "+m";
    case TypeId::kDate:
    case TypeId::kDate32:
      return "tdD";
    case TypeId::kDateTime:
      return "tss:" + zone;
    case TypeId::kDateTime64:
      return std::string("ts") + "smun"[unit_scale(type.scale) / 3] + ":" + zone;
    case TypeId::kDecimal32:
    case TypeId::kDecimal64:
    case TypeId::kDecimal128:
      return "d:" + std::to_string(type.precision) + "," + std::to_string(type.scale);
    case TypeId::kDecimal256:
      return "d:" + std::to_string(type.precision) + "," + std::to_string(type.scale) + ",256";
    default:
      return "w:" + std::to_string(byte_width(type));
  }
}

ArrowSchema give_schema(std::string name, const Type& type, std::string metadata);

// Elements without names have their numbers for names, as in ClickHouse.
std::vector<ArrowSchema> give_members(const Type& type) {
  std::vector<ArrowSchema> members;
  for (const Field& child : *type.children) {
    std::string name = child.name.empty() ? std::to_string(members.size() + 1) : child.name;
    if (type.id == TypeId::kArray) name = "item";
    if (type.id == TypeId::kMap) name = members.empty() ? "key" : "value";
    members.push_back(give_schema(std::move(name), child.type, ""));
  }
  return members;
}

ArrowSchema give_schema(std::string name, const Type& type, std::string metadata) {
  auto holder = std::make_unique<SchemaHolder>();
  holder->format = format_of(type);
  holder->name = std::move(name);
  holder->metadata = std::move(metadata);
  if (is_nested(type.id)) holder->children = give_members(type);
  if (type.id == TypeId::kMap) {
    auto entries = std::make_unique<SchemaHolder>();
    entries->format = "+s";
    entries->name = "entries";
    entries->children = std::exchange(holder->children, {});
    holder->children.push_back(SchemaHolder::give(std::move(entries), false));
  }
  return SchemaHolder::give(std::move(holder), type.nullable);
}

// Copies every value through `change`.
template <class From, class To, class Change>
Buffer changed(const Column& column, Change change) {
  Buffer values = Buffer::allocate(column.rows * sizeof(To));
  auto* to = reinterpret_cast<To*>(values.writable());
  for (const From& value : column.as<From>()) *to++ = change(value);
  return values;
}

template <class From>
Buffer widened_decimal(const Column& column) {
  return changed<From, std::array<int64_t, 2>>(
      column, [](From value) { return std::array<int64_t, 2>{value, value < 0 ? -1 : 0}; });
}

Buffer bits_of(const Column& column) {
  Buffer bits = Buffer::allocate((column.rows + 7) / 8);
  std::memset(bits.writable(), 0, bits.size());
  const auto values = column.as<uint8_t>();
  for (size_t row = 0; row < values.size(); ++row) {
    bits.writable()[row / 8] |= std::byte(unsigned{values[row] != 0} << (row % 8));
  }
  return bits;
}

// The text of a UUID in binary: most significant byte first.
Buffer uuids_of(const Column& column) {
  return changed<std::array<uint64_t, 2>, std::array<uint8_t, 16>>(column, [](const std::array<uint64_t, 2>& halves) {
    std::array<uint8_t, 16> bytes{};
    for (size_t i = 0; i < 16; ++i) bytes[i] = static_cast<uint8_t>(halves[i / 8] >> (56 - 8 * (i % 8)));
    return bytes;
  });
}

Result<Buffer> finer_times(const Column& column) {
  Buffer values = Buffer::allocate(column.rows * sizeof(int64_t));
  int64_t factor = 1;
  for (unsigned scale = column.type.scale; scale < unit_scale(column.type.scale); ++scale) factor *= 10;
  auto* to = reinterpret_cast<int64_t*>(values.writable());
  for (const int64_t ticks : column.as<int64_t>()) {
    if (__builtin_mul_overflow(ticks, factor, to++)) {
      return Error{.code = Code::kOutOfRange,
                   .message = "a time lies outside the range of Arrow's unit: " + std::to_string(ticks),
                   .expected = format_of(column.type)};
    }
  }
  return values;
}

template <class T>
Column names_of(const Column& column) {
  TextBuilder names(column.rows);
  const auto numbers = column.as<T>();
  for (size_t row = 0; row < numbers.size(); ++row) {
    std::string_view found;
    for (const auto& [name, number] : *column.type.values) {
      if (number == numbers[row] && !column.is_null(row)) found = name;
    }
    names.add(found);
  }
  Column text = column;
  std::move(names).finish(text);
  return text;
}

bool is_utf8(std::string_view text) {
  uint8_t all = 0;
  for (const char c : text) all |= static_cast<uint8_t>(c);
  return all < 0x80 || simdjson::validate_utf8(text.data(), text.size());
}

// ClickHouse's String may hold any bytes; Arrow's may not, and its readers do not look.
Status check_texts(const Column& column) {
  for (size_t row = 0; row < column.rows; ++row) {
    if (is_utf8(column.text(row))) continue;
    Error error{.code = Code::kInvalidUtf8,
                .message = "a text is not UTF-8, which Arrow's text must be",
                .hint = "select the column as hex(...) or cast it to FixedString"};
    error.where.record = row;
    return error;
  }
  return {};
}

// Arrow's offsets into a text buffer have a sign.
Column with_small_texts(const Column& column) {
  constexpr size_t kMost = std::numeric_limits<int32_t>::max();
  bool small = true;
  for (const Buffer& text : column.texts) small = small && text.size() <= kMost;
  if (small) return column;
  TextBuilder builder(column.rows);
  for (size_t row = 0; row < column.rows; ++row) builder.add(column.text(row));
  Column copy = column;
  std::move(builder).finish(copy);
  return copy;
}

ArrowArray give_texts(const Column& given) {
  const Column column = with_small_texts(given);
  auto holder = std::make_unique<ArrayHolder>();
  Buffer sizes = Buffer::allocate(column.texts.size() * sizeof(int64_t));
  for (size_t i = 0; i < column.texts.size(); ++i) {
    const auto size = static_cast<int64_t>(column.texts[i].size());
    std::memcpy(sizes.writable() + i * sizeof(size), &size, sizeof(size));
  }
  holder->buffers = {column.validity, column.values};
  holder->buffers.insert(holder->buffers.end(), column.texts.begin(), column.texts.end());
  holder->buffers.push_back(sizes);
  return ArrayHolder::give(std::move(holder), column.rows, column.nulls);
}

Result<Buffer> values_of(const Column& column) {
  switch (column.type.id) {
    case TypeId::kBool:
      return bits_of(column);
    case TypeId::kDate:
      return changed<uint16_t, int32_t>(column, [](uint16_t days) { return int32_t{days}; });
    case TypeId::kDateTime:
      return changed<uint32_t, int64_t>(column, [](uint32_t seconds) { return int64_t{seconds}; });
    case TypeId::kDateTime64:
      if (unit_scale(column.type.scale) != column.type.scale) return finer_times(column);
      return column.values;
    case TypeId::kDecimal32:
      return widened_decimal<int32_t>(column);
    case TypeId::kDecimal64:
      return widened_decimal<int64_t>(column);
    case TypeId::kUuid:
      return uuids_of(column);
    case TypeId::kBFloat16:
      return changed<uint16_t, uint32_t>(column, [](uint16_t upper) { return uint32_t{upper} << 16; });
    default:
      return column.values;
  }
}

Result<ArrowArray> give_column(const Column& column);

// Gives the children, in their order, to the holder of their parent.
Status give_children(const Column& column, ArrayHolder& holder) {
  for (const Column& child : column.children) {
    auto array = give_column(child);
    if (array) {
      holder.children.push_back(*array);
      continue;
    }
    for (ArrowArray& given : holder.children) given.release(&given);
    holder.children.clear();
    Error error = std::move(array).error();
    error.where.record.reset();  // an element is no row
    return error;
  }
  return {};
}

// Arrow's maps have offsets of 32 bits, and their keys and values are the members of a struct.
Result<ArrowArray> give_map(const Column& column) {
  const size_t elements = column.children.front().rows;
  if (elements > static_cast<size_t>(std::numeric_limits<int32_t>::max())) {
    return Error{.code = Code::kOutOfRange, .message = "a batch has more elements of maps than Arrow can count"};
  }
  auto entries = std::make_unique<ArrayHolder>();
  entries->buffers.resize(1);
  if (Status status = give_children(column, *entries); !status) return status;
  auto holder = std::make_unique<ArrayHolder>();
  Buffer offsets = Buffer::allocate((column.rows + 1) * sizeof(int32_t));
  auto* to = reinterpret_cast<int32_t*>(offsets.writable());
  for (size_t row = 0; row < column.rows; ++row) *to++ = static_cast<int32_t>(column.elements(row).first);
  *to = static_cast<int32_t>(elements);
  holder->buffers = {{}, std::move(offsets)};
  holder->children.push_back(ArrayHolder::give(std::move(entries), elements, 0));
  return ArrayHolder::give(std::move(holder), column.rows, 0);
}

Result<ArrowArray> give_nested(const Column& column) {
  if (column.type.id == TypeId::kMap) return give_map(column);
  auto holder = std::make_unique<ArrayHolder>();
  holder->buffers = {column.validity};
  if (column.type.id == TypeId::kArray) holder->buffers.push_back(column.values);
  if (Status status = give_children(column, *holder); !status) return status;
  return ArrayHolder::give(std::move(holder), column.rows, column.nulls);
}

Result<ArrowArray> give_column(const Column& column) {
  if (is_nested(column.type.id)) return give_nested(column);
  if (column.type.id == TypeId::kEnum8) return give_texts(names_of<int8_t>(column));
  if (column.type.id == TypeId::kEnum16) return give_texts(names_of<int16_t>(column));
  if (column.type.id == TypeId::kState) return give_texts(column);
  if (is_view(column.type.id)) {
    if (Status status = check_texts(column); !status) return status;
    return give_texts(column);
  }
  auto values = values_of(column);
  if (!values) return std::move(values).error();
  auto holder = std::make_unique<ArrayHolder>();
  holder->buffers = {column.validity, std::move(*values)};
  return ArrayHolder::give(std::move(holder), column.rows, column.nulls);
}

// A source behind Arrow's stream of functions.
class ExportedStream {
 public:
  ExportedStream(std::unique_ptr<Source> source, Schema schema)
      : source_(std::move(source)), schema_(std::move(schema)) {}

  static ArrowArrayStream give(std::unique_ptr<ExportedStream> stream) {
    ArrowArrayStream out{};
    out.get_schema = [](ArrowArrayStream* s, ArrowSchema* to) { return self(s).report(&ExportedStream::schema, to); };
    out.get_next = [](ArrowArrayStream* s, ArrowArray* to) { return self(s).report(&ExportedStream::next, to); };
    out.get_last_error = [](ArrowArrayStream* s) -> const char* {
      return self(s).error_.empty() ? nullptr : self(s).error_.c_str();
    };
    out.release = [](ArrowArrayStream* s) {
      delete &self(s);
      s->release = nullptr;
    };
    out.private_data = stream.release();
    return out;
  }

 private:
  static ExportedStream& self(ArrowArrayStream* stream) { return *static_cast<ExportedStream*>(stream->private_data); }

  Status schema(ArrowSchema* out) { return export_schema(schema_, out); }

  Status next(ArrowArray* out) {
    auto delivery = source_->next({});
    if (!delivery) return std::move(delivery).error();
    if (!*delivery) {
      *out = {};  // a released array is the end
      return {};
    }
    if (!(*delivery)->rejects.empty()) return std::move((*delivery)->rejects.front());
    return export_batch((*delivery)->batch, out);
  }

  // Nothing may be thrown through the C interface.
  template <class Out>
  int report(Status (ExportedStream::*step)(Out*), Out* out) noexcept {
    try {
      Status status = (this->*step)(out);
      if (status) return 0;
      error_ = to_string(status.error());
      return EIO;
    } catch (const std::bad_alloc&) {
      error_.clear();
      return ENOMEM;
    }
  }

  std::unique_ptr<Source> source_;
  Schema schema_;
  std::string error_{};
};

}  // namespace

Status export_schema(const Schema& schema, ArrowSchema* out) {
  auto top = std::make_unique<SchemaHolder>();
  top->format = "+s";
  top->children.reserve(schema.size());
  for (const Field& field : schema.fields) {
    top->children.push_back(give_schema(field.name, field.type, metadata_of(field.type)));
  }
  *out = SchemaHolder::give(std::move(top), false);
  return {};
}

Status export_batch(const Batch& batch, ArrowArray* out) {
  auto top = std::make_unique<ArrayHolder>();
  top->buffers.resize(1);  // a struct array has a validity only
  for (uint32_t i = 0; i < batch.columns().size(); ++i) {
    auto column = give_column(batch.column(i));
    if (column) {
      top->children.push_back(*column);
      continue;
    }
    for (ArrowArray& child : top->children) child.release(&child);
    Error error = std::move(column).error();
    error.where.column = i;
    error.where.column_name = batch.schema().fields[i].name;
    if (error.where.record) error.where.record = batch.record(static_cast<size_t>(*error.where.record));
    return error;
  }
  *out = ArrayHolder::give(std::move(top), batch.rows(), 0);
  return {};
}

Status export_stream(std::unique_ptr<Source> source, const ReadRequest& request, ArrowArrayStream* out) {
  auto schema = source->open(request, {});
  if (!schema) return std::move(schema).error();
  *out = ExportedStream::give(std::make_unique<ExportedStream>(std::move(source), std::move(*schema)));
  return {};
}

}  // namespace flatbed
