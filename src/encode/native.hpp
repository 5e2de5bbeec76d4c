// ClickHouse's Native format, as the HTTP interface speaks it: batches to blocks and back.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "flatbed/batch.hpp"
#include "flatbed/bytes.hpp"
#include "flatbed/schema.hpp"
#include "flatbed/status.hpp"

namespace flatbed {

/// Appends `batch` as one block. Columns travel as block_type(), which servers take for columns of the declared types.
/// COST: one copy of every column.
void encode_native(const Batch& batch, std::string& out);

/// Reads blocks as batches. A LowCardinality column comes as values, its dictionary resolved. The timezone of a
/// DateTime is not in the blocks that HTTP carries: whoever needs it asks DESCRIBE. Bytes of any origin give batches or
/// an error; memory is taken only for bytes that have arrived. THREADS: one owner.
class NativeReader {
 public:
  explicit NativeReader(std::unique_ptr<ByteSource> bytes);
  /// Returns the next block, which may have no rows, or nothing at the end.
  /// ERRORS: kBadBlock with the byte; kServer for an exception that the server wrote into its answer; those of `bytes`.
  Result<std::optional<Batch>> next(std::stop_token stop);

 private:
  struct KnownColumn {
    std::string name{};
    std::string type_text{};
    Type type{};
  };
  bool read_block(Batch& batch);
  bool read_header(size_t index, KnownColumn& known);
  bool read_prefix(const Type& type);
  bool read_column(const Type& type, size_t rows, Column& column);
  bool read_nested(Column& column);
  bool read_offsets(Column& column, size_t& elements);
  bool read_nulls(Column& column);
  bool read_plain(Column& column);
  bool read_dictionary(Column& column);
  bool read_u64(uint64_t& number);
  bool read_values(uint64_t bytes, Buffer& values);
  bool read_texts(Column& column);
  bool read_split_text(Column& column, TextView& view);
  bool check_values(Column& column);
  bool read_text(size_t most, std::string_view what, std::string& text);
  bool read_number(std::string_view what, uint64_t most, uint64_t& number);
  bool more();
  bool need();
  void remember_tail();
  bool fail(std::string message, std::string expected = "");
  std::string_view peek(size_t bytes);
  bool server_text_ahead();
  void prefer_server_text();
  void take_server_text(std::string_view text);
  std::string_view left() const noexcept { return chunk_.text().substr(at_); }

  std::unique_ptr<ByteSource> bytes_;
  std::stop_token stop_{};
  Buffer chunk_{};
  std::string tail_{};  // of the chunks before
  size_t at_ = 0;
  uint64_t base_ = 0;  // offset of chunk_ in the stream
  bool ended_ = false;
  std::optional<Error> error_{};
  std::optional<uint32_t> column_{};
  std::vector<KnownColumn> known_{};  // of the block before, because headers repeat
  std::shared_ptr<const Schema> schema_{};
};

}  // namespace flatbed
