// The hash of blocks.
#include <doctest/doctest.h>

#include <string>

#include "clickhouse/blocks.hpp"

using namespace flatbed;

TEST_SUITE("bytes") {
  TEST_CASE("the hash of a block does not depend on how its bytes come, nor on the CPU") {
    CHECK(content_hash("") == "99aa06d3014798d86001c324468d497f");  // as xxHash defines it
    std::string bytes;
    for (uint32_t i = 0; i < 70'000; ++i) bytes += static_cast<char>(i * 2654435761u >> 24);
    for (const size_t size : {0u, 1u, 16u, 240u, 241u, 256u, 257u, 1024u, 4097u, 70'000u}) {
      CAPTURE(size);
      const std::string_view all = std::string_view(bytes).substr(0, size);
      for (const size_t most : {3u, 64u, 300u, 70'000u}) {
        ContentHash hash;
        for (size_t at = 0; at < size;) {
          const std::string_view part = all.substr(at, 1 + at % most);
          hash.add(part);
          at += part.size();
        }
        CHECK(hash.take() == content_hash(all));
      }
    }
  }
}
