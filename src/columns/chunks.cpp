// Chunks. Enters: bytes in parts of any size. Leaves: chunks that begin and end on a record, with their index.
// Invariant: parts that lie side by side in memory are not copied; of others only what a chunk that spans them needs.
#include "columns/chunks.hpp"

#include <algorithm>
#include <cstring>

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

}  // namespace

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

Result<bool> ChunkReader::next(const Syntax& syntax, Chunk& chunk, std::stop_token stop) {
  for (size_t window = chunk_bytes_;; window *= 2) {
    // One byte more tells whether the window is the rest of the source.
    if (Status status = fill(window + 1, stop); !status) return status;
    if (ahead_.empty()) return false;
    const bool whole = ahead_.size() <= window;
    index_fields(ahead_.text().substr(0, window), syntax, whole, chunk.index);
    if (chunk.index.consumed != 0) break;
    if (window * 2 > most_)
      return Error{
          .code = Code::kRowTooWide,
          .message = "a record is larger than the memory limit allows: more than " + std::to_string(window) + " bytes",
          .where = {.uri = source_->uri(), .byte = byte_, .line = line_},
          .expected = "a line end outside of quotes",
          .hint = "look for a quote that is not closed, or raise --memory",
          .side = Side::kSource};
  }
  const size_t size = chunk.index.consumed;
  chunk.bytes = ahead_.slice(0, size);
  chunk.byte = byte_;
  chunk.line = line_;
  byte_ += size;
  line_ += chunk.index.lines;
  advance(size);
  return true;
}

}  // namespace flatbed
