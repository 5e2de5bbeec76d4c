// Other encodings become UTF-8; what they cannot mean is an error with its place.
#include "bytes/encoding.hpp"

#include <doctest/doctest.h>

#include "flatbed/status.hpp"

using namespace flatbed;
using namespace std::string_view_literals;

namespace {

// Reads in small parts, so that characters are cut.
class Dripping final : public ByteSource {
 public:
  Dripping(std::string_view bytes, size_t drop) : bytes_(memory_bytes(bytes, "drip.csv")), drop_(drop) {}
  Result<Buffer> read(size_t most, std::stop_token stop) override { return bytes_->read(std::min(most, drop_), stop); }
  const std::string& uri() const noexcept override { return bytes_->uri(); }
  uint64_t consumed_bytes() const noexcept override { return bytes_->consumed_bytes(); }

 private:
  std::unique_ptr<ByteSource> bytes_;
  size_t drop_;
};

Result<std::string> converted(std::string_view bytes, std::string_view encoding, size_t drop = 1000,
                              size_t most = 1000) {
  auto source = to_utf8(std::make_unique<Dripping>(bytes, drop), encoding);
  std::string all;
  for (;;) {
    Result<Buffer> part = source->read(most, {});
    if (!part) return std::move(part).error();
    if (part->empty()) return all;
    CHECK(part->size() <= most);
    all += part->text();
  }
}

}  // namespace

TEST_SUITE("bytes") {
  TEST_CASE("encoding: each known one becomes UTF-8, however it is cut") {
    for (const size_t drop : {1, 2, 3, 1000}) {
      for (const size_t most : {1, 2, 1000}) {
        CHECK(*converted("a\xe9;\xfc\n"sv, "latin-1", drop, most) == "a\xc3\xa9;\xc3\xbc\n");
        CHECK(*converted("\x80\x96"sv, "cp1252", drop, most) == "\xe2\x82\xac\xe2\x80\x93");
        CHECK(*converted("a\0\xe9\0\x3d\xd8\x00\xde"sv, "UTF-16LE", drop, most) == "a\xc3\xa9\xf0\x9f\x98\x80");
        CHECK(*converted("\0a\0\xe9\xd8\x3d\xde\x00"sv, "utf-16be", drop, most) == "a\xc3\xa9\xf0\x9f\x98\x80");
        CHECK(*converted(""sv, "utf-16le", drop, most) == "");
      }
    }
  }
  TEST_CASE("encoding: UTF-8 passes untouched, invalid bytes too") {
    CHECK(*converted("\xef\xbb\xbf"
                     "a\xff"sv,
                     "utf-8") ==
          "\xef\xbb\xbf"
          "a\xff");
  }
  TEST_CASE("encoding: a byte order mark stays a mark") {
    CHECK(*converted("\xff\xfe"
                     "a\0"sv,
                     "utf-16le") ==
          "\xef\xbb\xbf"
          "a");
  }
  TEST_CASE("encoding: bytes without a meaning are an error at their place") {
    const auto lone = converted(
        "a\0\x00\xdc"
        "b\0"sv,
        "utf-16le");
    REQUIRE(!lone.ok());
    CHECK(to_string(lone.error()) ==
          "FB-DIA-0102  drip.csv (byte 2)\n"
          "  the bytes are no text in utf-16le: 00 dc 62 00\n"
          "  record | \\x00\\xdcb\\x00\n"
          "  expected: text in utf-16le\n"
          "  fix: name the right encoding with --encoding, such as utf-8, utf-16le, latin-1 or cp1252");
    const auto undefined = converted("ok\x81"sv, "cp1252");
    REQUIRE(!undefined.ok());
    CHECK(undefined.error().where.byte == 2);
    const auto cut = converted("a\0b"sv, "utf-16le");
    REQUIRE(!cut.ok());
    CHECK(cut.error().message == "the bytes end in the middle of a character of utf-16le: 62");
    CHECK(cut.error().where.byte == 2);
  }
  TEST_CASE("encoding: an unknown name is an error") {
    const auto unknown = converted("a", "utf-17");
    REQUIRE(!unknown.ok());
    CHECK(unknown.error().code == Code::kEncodingUnknown);
    CHECK(unknown.error().message == "this encoding is not known: utf-17");
  }
}
