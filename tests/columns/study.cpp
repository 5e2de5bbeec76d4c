// Types from every field of a chunk.
#include "columns/study.hpp"

#include <doctest/doctest.h>

#include <random>

#include "columns/csv_source.hpp"

using namespace flatbed;

namespace {

std::vector<std::string> told(const std::string& csv, std::vector<std::string> nulls) {
  auto source = csv_source(
      {{.uri = "test",
        .open = [&](std::stop_token) { return Result<std::unique_ptr<ByteSource>>(memory_bytes(csv, "test")); }}},
      {.dialect = {.delimiter = {",", Chosen::kUser},
                   .quote = {"\"", Chosen::kUser},
                   .header = {true, Chosen::kUser},
                   .nulls = {std::move(nulls), Chosen::kUser}},
       .ordered_dates_are_text = true});
  const Schema schema = source->open({.threads = 1}, {}).value();
  std::vector<std::string> told;
  for (const Field& field : schema.fields) {
    told.push_back(to_string(field.type) + " by " + field.decided_by);
    for (const Evidence::Step& step : field.evidence->steps)
      told.push_back(std::to_string(step.line) + " " + step.value + " " + step.type);
    for (const std::string& null : field.evidence->nulls) told.push_back(null);
  }
  return told;
}

}  // namespace

TEST_SUITE("columns") {
  // Where a text that means NULL looks like a number, every field is looked at; otherwise most are passed over.
  TEST_CASE("study: what is passed over changes neither types nor evidence") {
    const std::vector<std::vector<std::string>> kinds = {
        {"7", "12", "255", "0", "90", "300", "70000", "5000000000", "-0", "-3", "-200", "007", "00", "-01", "\"8\"",
         "\"08\""},
        {"1.50", "12.25", "0.05", "17", "-3.75", "1.5", "123.125", "00.50", "-0.25", "-00.25", "1.", ".5", "\"2.50\"",
         "1234567.25"},
        {"2013-01-31", "1999-12-01", "2000-02-29", "1969-12-31", "2120-05-05", "2013-02-30", "\"2014-01-01\"",
         "2013-1-1"},
        {"2013-01-31 05:06:07", "2014-12-31T23:59:59", "2013-01-31 05:06:07.5", "2013-01-31T05:06:07Z", "2013-01-31",
         "2110-01-31 05:06:07"},
        {"2013-01-31T05:06:07Z", "2014-12-31 23:59:59Z", "2013-02-30T05:06:07Z", "2299-01-31T05:06:07Z",
         "2013-01-31T05:06:07+02:00"},
        {"x", "some text", "\"quoted \"\"text\"\"\"", "\"\"", "NA", "N"}};
    std::mt19937 random(5);
    for (int round = 0; round < 400; ++round) {
      std::string csv = "a,b,c,last\n";
      const size_t rows = 1 + random() % 300;
      std::vector<const std::vector<std::string>*> columns;
      for (int i = 0; i < 4; ++i) columns.push_back(&kinds[random() % kinds.size()]);
      // Values that are rare come late, so that the loops that read usual ones are at work by then.
      const size_t usual = 2 + random() % 3, rare = 2 + random() % 200;
      for (size_t row = 0; row < rows; ++row) {
        for (size_t i = 0; i < columns.size(); ++i) {
          const std::vector<std::string>& values = *columns[i];
          const size_t known = random() % rare == 0 ? values.size() : usual;
          csv += i == 0 ? "" : ",";
          csv += random() % 90 == 0 ? (random() % 2 == 0 ? "" : "NA") : values[random() % known];
        }
        csv += random() % 150 == 0 ? ",too many\n" : round % 7 == 0 ? "\r\n" : "\n";
      }
      if (random() % 3 == 0) csv.pop_back();
      CAPTURE(csv);
      REQUIRE(told(csv, {"", "NA"}) == told(csv, {"", "NA", "-987654321987654321.5"}));
    }
  }
}
