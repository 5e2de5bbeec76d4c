// Tokens that are renewed, and compression on the wire.
#include "bytes/bearer.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <fstream>
#include <random>

#include "bytes/codec.hpp"
#include "bytes/http.hpp"
#include "bytes/temporary_folder.hpp"

namespace {

using namespace flatbed;

std::string base64url(std::string_view bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(c);
    for (count += 8; count >= 6;) text += kDigits[bits >> (count -= 6) & 63];
  }
  if (count > 0) text += kDigits[bits << (6 - count) & 63];
  return text;
}

std::string token_until(int64_t expiry) {
  return base64url(R"({"alg":"HS256"})") + "." + base64url("{\"sub\":\"a\",\"exp\":" + std::to_string(expiry) + "}") +
         ".c2ln";
}

int64_t seconds_from_now(int64_t seconds) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(now).count() + seconds;
}

std::string mixed_text(size_t bytes) {
  std::mt19937 random(7);
  std::string text;
  while (text.size() < bytes) text += random() % 3 == 0 ? std::to_string(random()) : "the same words again and again, ";
  text.resize(bytes);
  return text;
}

}  // namespace

TEST_SUITE("bytes") {
  TEST_CASE("a token says when it expires") {
    CHECK(expiry_of(token_until(1'700'000'000)) == 1'700'000'000);
    CHECK(expiry_of("e30." + base64url(R"({"exp":1700000000.5})") + ".x") == 1'700'000'000);
    for (const char* none : {"", "abc", "a.b", "a.b.c", "..", "e30.e30.x", "e30.eyJleHAiOiJzb29uIn0.x"}) {
      CHECK(!expiry_of(none));
    }
  }

  TEST_CASE("a token is kept while it is good, and renewed before it expires or when it is refused") {
    int made = 0;
    int64_t life = 3600;
    Bearer bearer([&]() -> Result<std::string> {
      ++made;
      return token_until(seconds_from_now(life) + made);
    });
    const std::string first = bearer.current().value();
    CHECK(bearer.current().value() == first);
    CHECK(made == 1);
    CHECK(bearer.refused(first));
    CHECK(made == 2);
    CHECK(bearer.current().value() != first);
    CHECK(bearer.refused(first));  // renewed already: nothing is made anew
    CHECK(made == 2);
    life = -10;
    CHECK(bearer.refused(bearer.current().value()));
    const int before = made;
    (void)bearer.current();
    CHECK(made == before + 1);  // what has expired is never used again
    Bearer same([] { return Result<std::string>(std::string("t.o.k")); });
    CHECK(!same.refused(same.current().value()));
  }

  TEST_CASE("a token comes from a file, as it is now") {
    const TemporaryFolder folder;
    const std::string path = folder / "token";
    Bearer bearer(token_of_file(path));
    CHECK(bearer.current().error().code == Code::kNotFound);
    std::ofstream(path) << token_until(1) << "\r\n";
    CHECK(bearer.current().value() == token_until(1));
    std::ofstream(path) << token_until(2) << "\n";
    CHECK(bearer.current().value() == token_until(2));
    std::ofstream(path) << "canary\nHeader: of its own";
    const Error error = bearer.current().error();
    CHECK(error.code == Code::kAuth);
    CHECK(to_string(error).find("canary") == std::string::npos);
  }

  TEST_CASE("what is packed on the wire comes out the same, and damage is noticed") {
    for (const char* encoding : {"lz4", "zstd"}) {
      for (const size_t size : {size_t{0}, size_t{1}, size_t{100'000}, size_t{262'144}, size_t{3'000'001}}) {
        const std::string text = mixed_text(size);
        const std::string packed = read_text(*packed_bytes(text, encoding), 1 << 30, {}).value();
        if (size > 1000) CHECK(packed.size() < text.size());
        auto source = memory_bytes(packed);
        CHECK(read_text(*unpacked_bytes(*source, encoding), 1 << 30, {}).value() == text);
        if (size < 1000) continue;
        auto cut = memory_bytes(std::string_view(packed).substr(0, packed.size() / 2));
        auto part = read_text(*unpacked_bytes(*cut, encoding), 1 << 30, {});
        REQUIRE(!part.ok());
        CHECK(part.error().code == Code::kConnectionLost);
        auto other = memory_bytes(text);
        CHECK(!read_text(*unpacked_bytes(*other, encoding), 1 << 30, {}).ok());
      }
    }
  }
}
