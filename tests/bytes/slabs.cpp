// Slabs that come back, and buffers cut from them.
#include "bytes/slabs.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <set>
#include <thread>
#include <vector>

using namespace flatbed;

TEST_SUITE("bytes") {
  TEST_CASE("a slab comes back when its last buffer is gone") {
    Slabs slabs(1000, 2);
    Buffer first = slabs.take();
    CHECK(first.size() == 1000);
    const std::byte* const place = first.data();
    Buffer part = first.slice(10, 20);
    first = {};
    const Buffer second = slabs.take();
    CHECK(second.data() != place);
    part = {};
    CHECK(slabs.take().data() == place);
  }

  TEST_CASE("buffers outlive their slabs, and no more than the idle ones wait") {
    std::vector<Buffer> kept;
    {
      Slabs slabs(64, 1);
      for (int i = 0; i < 3; ++i) kept.push_back(slabs.take());
      std::set<const std::byte*> places;
      for (const Buffer& buffer : kept) places.insert(buffer.data());
      CHECK(places.size() == 3);
      kept.pop_back();
      kept.pop_back();
    }
    std::memset(kept[0].writable(), 1, kept[0].size());
    kept.clear();
  }

  TEST_CASE("slabs come back from other threads") {
    Slabs slabs(4096, 4);
    for (int round = 0; round < 100; ++round) {
      std::vector<std::jthread> threads;
      for (int i = 0; i < 3; ++i)
        threads.emplace_back([slab = slabs.take()] { std::memset(slab.writable(), 7, slab.size()); });
    }
  }

  TEST_CASE("a room's buffers are aligned, lie apart and hold what they were asked for") {
    Room room;
    CHECK(bool{room.take(0).data() != nullptr});
    std::vector<Buffer> taken;
    for (size_t size = 0; size < 600'000; size = size * 5 / 3 + 1) {
      taken.push_back(room.take(size));
      CHECK(taken.back().size() == size);
      CHECK(reinterpret_cast<uintptr_t>(taken.back().data()) % 64 == 0);
      if (size != 0) std::memset(taken.back().writable(), static_cast<int>(taken.size()), size);
      if (taken.size() % 3 != 0) continue;
      Buffer rest = room.take_rest(size);
      CHECK(rest.size() >= size);
      std::memset(rest.writable(), 0, rest.size());
      room.keep(rest, size);
      CHECK(rest.size() == size);
    }
    size_t number = 0;
    for (const Buffer& buffer : taken) {
      ++number;
      for (size_t i = 0; i < buffer.size(); i += 101) REQUIRE(buffer.data()[i] == static_cast<std::byte>(number));
    }
  }
}
