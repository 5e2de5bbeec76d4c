// Statistics of columns.
#include "columns/statistics.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "columns/csv_source.hpp"

using namespace flatbed;

TEST_SUITE("columns") {
  TEST_CASE("values that differ are counted exactly up to 10,000, then within 2 percent") {
    const auto mixed = [](uint64_t value) {
      value = (value ^ (value >> 31)) * 0x7fb5d329728ea185;
      value = (value ^ (value >> 27)) * 0x81dadef4bc2dd44d;
      return value ^ (value >> 33);
    };
    for (const uint64_t count : {1, 10'000, 10'001, 50'000, 300'000}) {
      DistinctCounter counter;
      uint64_t fresh = 0;
      for (int pass = 0; pass < 2; ++pass) {
        for (uint64_t i = 1; i <= count; ++i) {
          const uint64_t hash = mixed(i);
          counter.add({&hash, 1}, [&](size_t) { ++fresh; });
        }
      }
      CAPTURE(count);
      CHECK(counter.is_exact() == (count <= 10'000));
      CHECK(fresh == std::min<uint64_t>(count, 10'001));
      const auto found = static_cast<double>(counter.count()), wanted = static_cast<double>(count);
      CHECK(std::fabs(found - wanted) <= (counter.is_exact() ? 0 : wanted * 0.02));
    }
  }
  TEST_CASE("least, most and the number of values, of every width") {
    const auto described = [](std::string_view type, std::vector<std::string> texts) {
      std::string csv = "n\n";
      for (const std::string& text : texts) csv += text + "\n";
      auto source = csv_source(
          {{.uri = "test",
            .open = [&](std::stop_token) { return Result<std::unique_ptr<ByteSource>>(memory_bytes(csv, "test")); }}},
          {.dialect = {.header = {true, Chosen::kUser}}});
      ReadRequest request{.threads = 1};
      request.types.fields.push_back({"n", parse_type(type).value(), "the user"});
      const Schema schema = source->open(request, {}).value();
      ColumnStatistics statistics;
      while (auto delivery = source->next({}).value()) statistics.add(delivery->batch.column(0));
      ColumnProfile profile{.field = schema.fields[0]};
      statistics.describe({}, profile);
      return profile.min + " " + profile.max + " " + std::to_string(profile.distinct);
    };
    for (const char* type :
         {"Int8", "Int16", "Int32", "Int64", "Int128", "Int256", "Decimal(3, 0)", "Float32", "Float64"})
      CHECK_MESSAGE(described(type, {"7", "-100", "7", "0", "100"}) == "-100 100 4", type);
    for (const char* type : {"UInt8", "UInt16", "UInt32", "UInt64", "UInt128", "UInt256"})
      CHECK_MESSAGE(described(type, {"7", "200", "7", "0"}) == "0 200 3", type);
    CHECK(described("Float64", {"nan", "1", "2"}) == "1 2 3");
    CHECK(described("Nullable(Date)", {"2026-01-31", "", "1999-01-01"}) == "1999-01-01 2026-01-31 2");
    CHECK(described("String", {"b", "a", "b", "ab"}) == "a b 3");
  }
}
