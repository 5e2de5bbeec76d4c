// Compression on the wire. Enters: bytes, or a source of packed ones. Leaves: the other of the two, pulled.
// Invariant: what is held does not grow with the length of the stream.
#include "bytes/codec.hpp"

#include <lz4frame.h>
#include <zstd.h>

#include <algorithm>
#include <new>

namespace flatbed {
namespace {

constexpr size_t kStepBytes = size_t{256} << 10;

// What one step of a codec did.
struct Step {
  size_t taken = 0, made = 0;
  bool failed = false, ended = false;  // ended: a frame is whole
};

struct FreeZstdPacker {
  void operator()(ZSTD_CCtx* context) const noexcept { ZSTD_freeCCtx(context); }
};
struct FreeZstdUnpacker {
  void operator()(ZSTD_DCtx* context) const noexcept { ZSTD_freeDCtx(context); }
};
struct FreeLz4Packer {
  void operator()(LZ4F_cctx* context) const noexcept { LZ4F_freeCompressionContext(context); }
};
struct FreeLz4Unpacker {
  void operator()(LZ4F_dctx* context) const noexcept { LZ4F_freeDecompressionContext(context); }
};

// A codec packs `bytes` into `to`; the last step has all that is left, and is repeated until it ends.
class ZstdPacker {
 public:
  ZstdPacker() : context_(ZSTD_createCCtx()) {
    if (!context_) throw std::bad_alloc();
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, 1);
  }
  static size_t most(size_t) { return ZSTD_CStreamOutSize(); }
  Step pack(std::string_view bytes, bool last, char* to, size_t room) {
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    ZSTD_outBuffer out{to, room, 0};
    const size_t left = ZSTD_compressStream2(context_.get(), &out, &in, last ? ZSTD_e_end : ZSTD_e_continue);
    return {.taken = in.pos, .made = out.pos, .failed = ZSTD_isError(left) != 0, .ended = last && left == 0};
  }

 private:
  std::unique_ptr<ZSTD_CCtx, FreeZstdPacker> context_;
};

class Lz4Packer {
 public:
  Lz4Packer() {
    LZ4F_cctx* context = nullptr;
    if (LZ4F_isError(LZ4F_createCompressionContext(&context, LZ4F_VERSION))) throw std::bad_alloc();
    context_.reset(context);
  }
  static size_t most(size_t bytes) { return LZ4F_HEADER_SIZE_MAX + LZ4F_compressBound(bytes, nullptr); }
  Step pack(std::string_view bytes, bool last, char* to, size_t room) {
    Step step{.taken = bytes.size(), .ended = last};
    const auto made = [&](size_t count) {
      step.failed = step.failed || LZ4F_isError(count) != 0;
      if (!step.failed) step.made += count;
    };
    if (!begun_) made(LZ4F_compressBegin(context_.get(), to, room, nullptr));
    begun_ = true;
    made(LZ4F_compressUpdate(context_.get(), to + step.made, room - step.made, bytes.data(), bytes.size(), nullptr));
    if (last) made(LZ4F_compressEnd(context_.get(), to + step.made, room - step.made, nullptr));
    return step;
  }

 private:
  std::unique_ptr<LZ4F_cctx, FreeLz4Packer> context_;
  bool begun_ = false;
};

class ZstdUnpacker {
 public:
  ZstdUnpacker() : context_(ZSTD_createDCtx()) {
    if (!context_) throw std::bad_alloc();
  }
  Step unpack(std::string_view bytes, char* to, size_t room) {
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    ZSTD_outBuffer out{to, room, 0};
    const size_t left = ZSTD_decompressStream(context_.get(), &out, &in);
    return {.taken = in.pos, .made = out.pos, .failed = ZSTD_isError(left) != 0, .ended = left == 0};
  }

 private:
  std::unique_ptr<ZSTD_DCtx, FreeZstdUnpacker> context_;
};

class Lz4Unpacker {
 public:
  Lz4Unpacker() {
    LZ4F_dctx* context = nullptr;
    if (LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION))) throw std::bad_alloc();
    context_.reset(context);
  }
  Step unpack(std::string_view bytes, char* to, size_t room) {
    Step step{.taken = bytes.size(), .made = room};
    const size_t left = LZ4F_decompress(context_.get(), to, &step.made, bytes.data(), &step.taken, nullptr);
    step.failed = LZ4F_isError(left) != 0;
    step.ended = left == 0;
    return step;
  }

 private:
  std::unique_ptr<LZ4F_dctx, FreeLz4Unpacker> context_;
};

template <class Codec>
class Packed final : public ByteSource {
 public:
  explicit Packed(std::string_view bytes) : left_(bytes) {}
  Result<Buffer> read(size_t most, std::stop_token) override {
    while (taken_ == made_ && !ended_) {
      const std::string_view part = left_.substr(0, kStepBytes);
      room_ = Buffer::allocate(Codec::most(kStepBytes));
      const Step step =
          codec_.pack(part, part.size() == left_.size(), reinterpret_cast<char*>(room_.writable()), room_.size());
      if (step.failed) return Error{.code = Code::kInternal, .message = "the bytes to send could not be compressed"};
      left_.remove_prefix(step.taken);
      taken_ = 0;
      made_ = step.made;
      ended_ = step.ended;
    }
    const size_t bytes = std::min(most, made_ - taken_);
    Buffer part = room_.slice(taken_, bytes);
    taken_ += bytes;
    return part;
  }
  const std::string& uri() const noexcept override { return uri_; }
  uint64_t consumed_bytes() const noexcept override { return 0; }

 private:
  Codec codec_;
  std::string_view left_;
  const std::string uri_ = "memory:";
  Buffer room_{};
  size_t taken_ = 0, made_ = 0;
  bool ended_ = false;
};

template <class Codec>
class Unpacked final : public ByteSource {
 public:
  explicit Unpacked(ByteSource& packed) : packed_(packed) {}
  Result<Buffer> read(size_t most, std::stop_token stop) override {
    most = std::min(most, kStepBytes);
    Buffer room = Buffer::allocate(most);
    for (;;) {
      if (taken_ == part_.size() && !ended_input_) {
        auto part = packed_.read(kStepBytes, stop);
        if (!part) return std::move(part).error();
        ended_input_ = part->empty();
        part_ = std::move(*part);
        taken_ = 0;
      }
      const std::string_view left = part_.text().substr(taken_);
      if (left.empty() && whole_) return Buffer();
      const Step step = codec_.unpack(left, reinterpret_cast<char*>(room.writable()), most);
      taken_ += step.taken;
      whole_ = step.ended;
      if (step.failed || (ended_input_ && step.taken == 0 && step.made == 0)) return damaged();
      if (step.made == 0) continue;
      room.truncate(step.made);
      return room;
    }
  }
  const std::string& uri() const noexcept override { return packed_.uri(); }
  uint64_t consumed_bytes() const noexcept override { return packed_.consumed_bytes(); }

 private:
  Error damaged() const {
    return {.code = Code::kConnectionLost,
            .message = ended_input_ ? "the compressed answer ends too early" : "the compressed answer is damaged",
            .where = {.uri = uri()},
            .hint = "compression=none shows what the server sent"};
  }

  Codec codec_;
  ByteSource& packed_;
  Buffer part_{};
  size_t taken_ = 0;
  bool whole_ = true;  // no frame is open
  bool ended_input_ = false;
};

}  // namespace

std::unique_ptr<ByteSource> packed_bytes(std::string_view bytes, std::string_view encoding) {
  if (encoding == "zstd") return std::make_unique<Packed<ZstdPacker>>(bytes);
  return std::make_unique<Packed<Lz4Packer>>(bytes);
}

bool is_wire_encoding(std::string_view encoding) noexcept {
  return encoding == "lz4" || encoding == "zstd";
}

std::unique_ptr<ByteSource> unpacked_bytes(ByteSource& packed, std::string_view encoding) {
  if (encoding == "zstd") return std::make_unique<Unpacked<ZstdUnpacker>>(packed);
  return std::make_unique<Unpacked<Lz4Unpacker>>(packed);
}

}  // namespace flatbed
