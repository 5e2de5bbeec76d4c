// Chunks. Enters: bytes in parts of any size. Leaves: chunks that begin and end on a record, with their index.
// Invariant: parts that lie side by side in memory are not copied; of others only what a chunk that spans them needs.
#include "columns/chunks.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "bytes/encoding.hpp"

namespace flatbed {
namespace {

// Gives bytes that were read already, then the rest of their source.
class Rewound final : public ByteSource {
 public:
  Rewound(Buffer head, std::unique_ptr<ByteSource> rest) : head_(std::move(head)), rest_(std::move(rest)) {}
  Result<Buffer> read(size_t most, std::stop_token stop) override {
    if (head_.empty()) return rest_->read(most, stop);
    const size_t size = std::min(most, head_.size());
    Buffer part = head_.slice(0, size);
    head_ = head_.slice(size, head_.size() - size);
    return part;
  }
  const std::string& uri() const noexcept override { return rest_->uri(); }
  std::optional<uint64_t> total_bytes() const noexcept override { return rest_->total_bytes(); }
  uint64_t consumed_bytes() const noexcept override { return rest_->consumed_bytes(); }

 private:
  Buffer head_;
  std::unique_ptr<ByteSource> rest_;
};

// As many bytes before a window are read with it: most records are shorter.
size_t bytes_before(size_t window) {
  constexpr size_t kLeast = 64, kShare = 64;
  return window / kShare + kLeast;
}

// Returns how many bytes stand before what seems to be the last beginning of a record.
size_t last_begin(std::string_view text) {
  const size_t end = text.find_last_of("\r\n");
  return end == std::string_view::npos ? 0 : end + 1;
}

const PlacedBytes* placed(const ByteSource& source) {
  const auto* bytes = dynamic_cast<const PlacedBytes*>(&source);
  return bytes != nullptr && bytes->size() ? bytes : nullptr;
}

}  // namespace

ChunkReader::ChunkReader(std::unique_ptr<ByteSource> source, size_t chunk_bytes, size_t most)
    : source_(std::move(source)),
      placed_(placed(*source_)),
      chunk_bytes_(chunk_bytes),
      most_(most),
      rooms_(chunk_bytes + bytes_before(chunk_bytes) + 1, 2) {}

// Copies as much of the part behind `ahead_` as is wanted.
void ChunkReader::join(size_t wanted) {
  const size_t size = ahead_.size(), more = std::min(wanted - size, part_.size() - joined_);
  // The bytes after `ahead_` in its own room belong to nobody yet.
  const bool in_room = !room_.empty() && ahead_.owner() == room_.owner() &&
                       size + more <= static_cast<size_t>(room_.data() + room_.size() - ahead_.data());
  if (!in_room) {
    room_ = wanted == rooms_.bytes() ? rooms_.take() : Buffer::allocate(wanted);
    std::memcpy(room_.writable(), ahead_.data(), size);
    ahead_ = room_.slice(0, size);
  }
  std::memcpy(ahead_.writable() + size, part_.data() + joined_, more);
  ahead_ = Buffer::wrap(ahead_.data(), size + more, room_.owner());
  joined_ += more;
}

// Passes over bytes; what is left lies where it was read as soon as it can.
void ChunkReader::advance(size_t bytes) {
  const size_t before = ahead_.size() - joined_;
  if (joined_ == 0 || bytes < before) {
    ahead_ = ahead_.slice(bytes, ahead_.size() - bytes);
    return;
  }
  ahead_ = part_.slice(bytes - before, part_.size() - (bytes - before));
  part_ = {};
  joined_ = 0;
}

Status ChunkReader::fill(size_t wanted, std::stop_token stop) {
  while (ahead_.size() < wanted) {
    if (joined_ < part_.size()) {
      join(wanted);
      continue;
    }
    if (ended_) break;
    auto part = source_->read(wanted - ahead_.size(), stop);
    if (!part) return std::move(part).error();
    ended_ = part->empty();
    if (ended_) break;
    if (ahead_.empty()) {
      ahead_ = std::move(*part);
    } else if (part->data() == ahead_.data() + ahead_.size() && part->owner() == ahead_.owner()) {
      ahead_ = Buffer::wrap(ahead_.data(), ahead_.size() + part->size(), ahead_.owner());
    } else {
      part_ = std::move(*part);
      joined_ = 0;
    }
  }
  return {};
}

Result<std::string_view> ChunkReader::peek(size_t wanted, std::stop_token stop) {
  if (Status status = fill(wanted, stop); !status) return status;
  return ahead_.text().substr(0, wanted);
}

void ChunkReader::decode(std::string_view encoding) {
  if (encoding == "utf-8") return;
  if (joined_ < part_.size())
    source_ = std::make_unique<Rewound>(part_.slice(joined_, part_.size() - joined_), std::move(source_));
  source_ = to_utf8(std::make_unique<Rewound>(std::move(ahead_), std::move(source_)), encoding);
  placed_ = nullptr;
  ahead_ = part_ = {};
  joined_ = 0;
  ended_ = false;
}

void ChunkReader::drop(size_t bytes) {
  line_ += count_lines(ahead_.text().substr(0, bytes));
  byte_ += bytes;
  advance(bytes);
}

Buffer ChunkReader::take(size_t bytes, uint64_t lines) {
  Buffer taken = ahead_.slice(0, bytes);
  line_ += lines;
  byte_ += bytes;
  advance(bytes);
  return taken;
}

Result<bool> ChunkReader::claim(const Syntax& syntax, Chunk& chunk, std::stop_token stop) {
  if (last_.number == 0) {
    first_ = last_.end = byte_;
    if (placed_ != nullptr) ahead_ = part_ = {};
  }
  // A long record may have taken whole windows.
  const uint64_t begin = std::max<uint64_t>(last_.end, byte_);
  const uint64_t passed = (begin - last_.end) / chunk_bytes_;
  chunk.window = last_ = {last_.number + 1, begin, last_.end + (passed + 1) * chunk_bytes_};
  if (placed_ != nullptr) return begin < *placed_->size();
  if (Status status = cut(syntax, chunk, stop); !status) return std::move(status).error();
  pass(chunk);
  return !chunk.bytes.empty();
}

void ChunkReader::fetch(const Syntax& syntax, Chunk& chunk) {
  if (placed_ == nullptr) return;
  const Chunk::Window& window = chunk.window;
  const bool known = settled_ == window.number - 1;
  const uint64_t before = std::min<uint64_t>(window.begin - first_, bytes_before(chunk_bytes_));
  const uint64_t begin = known ? byte_.load() : window.begin - before;
  chunk.bytes = {};
  chunk.index.reset(0);
  if (begin >= window.end) return;
  auto bytes = placed_->read_at(begin, static_cast<size_t>(window.end - begin), rooms_);
  chunk.fetched = bytes ? Status() : std::move(bytes).error();
  if (!bytes) return;
  const size_t skipped = known ? 0 : last_begin(bytes->text().substr(0, before));
  chunk.byte = begin + skipped;
  chunk.bytes = bytes->slice(skipped, bytes->size() - skipped);
  index_fields(chunk.bytes.text(), syntax, window.end >= *placed_->size(), chunk.index);
}

Status ChunkReader::settle(const Syntax& syntax, Chunk& chunk, std::stop_token stop) {
  if (placed_ == nullptr) return {};
  if (!chunk.fetched) return std::move(chunk.fetched);
  if (chunk.window.end <= byte_) {
    chunk.index.reset(0);
  } else if (chunk.byte != byte_ || chunk.index.consumed == 0) {
    if (Status status = cut(syntax, chunk, stop); !status) return status;
  }
  pass(chunk);
  return byte_ < *placed_->size() ? Status() : placed_->unchanged();
}

Result<bool> ChunkReader::next(const Syntax& syntax, Chunk& chunk, std::stop_token stop) {
  auto more = claim(syntax, chunk, stop);
  if (!more || !*more) return more;
  fetch(syntax, chunk);
  if (Status status = settle(syntax, chunk, stop); !status) return std::move(status).error();
  return true;
}

// Returns the next bytes, `wanted` unless the source ends before.
Result<Buffer> ChunkReader::show(size_t wanted, std::stop_token stop) {
  if (placed_ != nullptr) return placed_->read_at(byte_, wanted, rooms_);
  if (Status status = fill(wanted, stop); !status) return std::move(status).error();
  return ahead_;
}

// Cuts a chunk that begins at the next byte. The window grows until a record ends in it.
Status ChunkReader::cut(const Syntax& syntax, Chunk& chunk, std::stop_token stop) {
  for (auto window = static_cast<size_t>(chunk.window.end - byte_);; window *= 2) {
    // One byte more tells whether the window is the rest of the source.
    auto bytes = show(window + 1, stop);
    if (!bytes) return std::move(bytes).error();
    chunk.bytes = std::move(*bytes);
    const bool whole = chunk.bytes.size() <= window;
    index_fields(chunk.bytes.text().substr(0, window), syntax, whole, chunk.index);
    if (chunk.index.consumed != 0 || chunk.bytes.empty()) return {};
    if (window * 2 > most_)
      return Error{
          .code = Code::kRowTooWide,
          .message = "a record is larger than the memory limit allows: more than " + std::to_string(window) + " bytes",
          .where = {.uri = source_->uri(), .byte = byte_, .line = line_},
          .expected = "a line end outside of quotes",
          .hint = "look for a quote that is not closed, or raise --memory",
          .side = Side::kSource};
  }
}

// The chunk is all up to its last record end; what stands behind is next.
void ChunkReader::pass(Chunk& chunk) {
  const size_t size = chunk.index.consumed;
  chunk.bytes.truncate(size);
  chunk.byte = byte_;
  chunk.line = line_;
  line_ += chunk.index.lines;
  byte_ += size;
  if (placed_ == nullptr) advance(size);
  settled_ = chunk.window.number;
}

}  // namespace flatbed
