// The hash of files, made by a thread of its own.
#include "bytes/fingerprint.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <thread>

#include "bytes/temporary_folder.hpp"

using namespace flatbed;

namespace {

// Of a million times "a", from FIPS 180-2; of nothing, and of "abc".
constexpr std::string_view kMillion = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
constexpr std::string_view kNothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr std::string_view kAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

}  // namespace

TEST_SUITE("bytes") {
  TEST_CASE("the SHA-256 of a file is the same whenever one waits for it") {
    const TemporaryFolder folder;
    const std::string path = folder.put("million", std::string(1'000'000, 'a'));
    for (const int milliseconds : {0, 1, 100}) {
      auto files = WatchedFiles::open({path});
      REQUIRE(files);
      files->hash();
      std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
      CHECK(files->sha256().value() == kMillion);
      CHECK(files->sha256().value() == kMillion);
      CHECK(files->list().at(0).sha256 == kMillion);
    }
  }

  TEST_CASE("of several files each has its SHA-256, and the list has one") {
    const TemporaryFolder folder;
    auto files =
        WatchedFiles::open({folder.put("a", "abc"), folder.put("b", ""), folder.put("c", std::string(1'000'000, 'a'))});
    REQUIRE(files);
    files->hash();
    // The SHA-256 of the three below, as one text.
    CHECK(files->sha256().value() == "04613b29acc66e7c48b2de77c5eb00cc458444161c6b417888fc00e1ae874029");
    CHECK(files->list().at(0).sha256 == kAbc);
    CHECK(files->list().at(1).sha256 == kNothing);
    CHECK(files->list().at(2).sha256 == kMillion);
  }

  TEST_CASE("a file that was written while it was hashed is told") {
    const TemporaryFolder folder;
    auto files = WatchedFiles::open({folder.put("growing", std::string(300'000, 'a'))});
    REQUIRE(files);
    files->hash();
    folder.put("growing", "abc");
    CHECK(files->sha256().error().code == Code::kSourceChanged);
  }

  TEST_CASE("a list of files that is not hashed to its end is let go") {
    const TemporaryFolder folder;
    auto files = WatchedFiles::open({folder.put("large", std::string(50'000'000, 'a'))});
    REQUIRE(files);
    files->hash();
  }
}
