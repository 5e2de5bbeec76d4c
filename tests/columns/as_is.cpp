// Files read as they stand, written back as CSV.
#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "columns/csv_source.hpp"
#include "encode/encoder.hpp"
#include "flatbed/bytes.hpp"
#include "flatbed/csv.hpp"
#include "flatbed/source.hpp"

using namespace flatbed;

namespace {

struct Reading {
  Dialect dialect{};
  size_t chunk_bytes = size_t{1} << 20;
  unsigned threads = 1;
};

std::string as_is(std::string text, const Reading& reading = {}) {
  CsvInput input{.uri = "test", .reopenable = true, .open = [text](std::stop_token) {
                   return Result<std::unique_ptr<ByteSource>>(memory_bytes(text, "test"));
                 }};
  auto source = csv_source({input}, {.dialect = reading.dialect, .as_is = true, .chunk_bytes = reading.chunk_bytes});
  const Schema schema = source->open({.threads = reading.threads}, {}).value();
  csv::Writer writer({.as_is = true});
  std::string out;
  writer.header(schema, out);
  while (auto delivery = source->next({}).value()) {
    REQUIRE(delivery->rejects.empty());
    REQUIRE(writer.write(delivery->batch, out));
  }
  return out;
}

Dialect commas(bool header = true) {
  Dialect dialect;
  dialect.delimiter = {",", Chosen::kUser};
  dialect.quote = {"\"", Chosen::kUser};
  dialect.escape = {"\"", Chosen::kUser};
  dialect.header = {header, Chosen::kUser};
  return dialect;
}

}  // namespace

TEST_SUITE("columns") {
  TEST_CASE("as is: rows of any length, names as written") {
    const Reading reading{.dialect = commas()};
    CHECK(as_is("a,b,c\n1,2,3\n4,5\n6,7,8,9\n10\n", reading) == "a,b,c\n1,2,3\n4,5\n6,7,8,9\n10\n");
    CHECK(as_is("a,,a\n1,,3\n", reading) == "a,,a\n1,,3\n");
    CHECK(as_is("a,b\n007, x \n,\"\"\n1e5,NA\n", reading) == "a,b\n007, x \n,\n1e5,NA\n");
    CHECK(as_is("a\n\"\"\nx\n", reading) == "a\n\"\"\nx\n");
    CHECK(as_is("1,2\n3,4\n", {.dialect = commas(false)}) == "1,2\n3,4\n");
    CHECK(as_is("", reading).empty());
  }
  TEST_CASE("as is: quotes that nothing closes, or that text follows, are text") {
    const Reading reading{.dialect = commas()};
    CHECK(as_is("a,b\n\"x,y\n\"p\",q\n", reading) == "a,b\n\"\"\"x\",y\np,q\n");
    CHECK(as_is("a,b\n1,\"I missed \" it, twice\"\n", reading) == "a,b\n1,\"I missed \"\" it, twice\"\n");
    CHECK(as_is("a,b\n\"x\"y,2\n\"z\",3\n", reading) == "a,b\n\"\"\"x\"\"y\",2\nz,3\n");
    CHECK(as_is("a,b\n1,\"x\n2,y\n", reading) == "a,b\n1,\"\"\"x\"\n2,y\n");
    CHECK(as_is("a,b\n1,\"x\ny\"\n2,\"say \"\"z\"\"\"\n", reading) == "a,b\n1,\"x\ny\"\n2,\"say \"\"z\"\"\"\n");
  }
  TEST_CASE("as is: the first of several tables") {
    const Reading reading{.dialect = commas()};
    CHECK(as_is("a,b\n1,2\n3,4\na,b,c\n5,6,7\n", reading) == "a,b\n1,2\n3,4\n");
    CHECK(as_is("a,b,c\n1,2,3\n\nx,y\n5,6\n7,8\n", reading) == "a,b,c\n1,2,3\n");
    CHECK(as_is("a,b,c\n1,2,3\n\n4,5,6\n", reading) == "a,b,c\n1,2,3\n4,5,6\n");
    CHECK(as_is("a,b\n1,2\n,\nSecond,\n,\na,b\n3,4\n", reading) == "a,b\n1,2\n");
    CHECK(as_is("a,b\n1,2\n,\nx,\n3,4\na,b\n5,6\n", reading) == "a,b\n1,2\n,\nx,\n3,4\n");
    CHECK(as_is("a,b\n1,2\n,\n,\n,\n", reading) == "a,b\n1,2\n");
    CHECK(as_is("a,b\n,\n,\n", reading) == "a,b\n,\n,\n");
  }
  TEST_CASE("as is: names of several rows") {
    Reading reading{.dialect = commas()};
    reading.dialect.header_rows = {2, Chosen::kUser};
    CHECK(as_is("north,,south,\nx,y,x,y\n1,2,3,4\n", reading) == "north x,north y,south x,south y\n1,2,3,4\n");
    CHECK(as_is("size,\nx,y\n1,2\n", reading) == "size x,y\n1,2\n");
    CHECK(as_is("north,,south,\nx,y,x,y\n1,2,3,4\n5,6,7,8\n") == "north x,north y,south x,south y\n1,2,3,4\n5,6,7,8\n");
    reading.dialect.header_rows.value = 3;
    // A name stands over what is named below it, and not over what has another name above it.
    CHECK(as_is("of,staff,,,pay,note,\n,man,,all,,,\n,x,y,x,,,\na,1,2,3,4,b,\nc,5,6,7,8,d,\n", reading) ==
          "of,staff man x,staff man y,staff all x,pay,note,\na,1,2,3,4,b,\nc,5,6,7,8,d,\n");
  }
  TEST_CASE("as is: a record of very many fields takes no longer than its bytes") {
    const std::string commas_alone(200000, ',');
    CHECK(as_is(commas_alone, {.dialect = commas(false)}) == commas_alone + "\n");
    CHECK(as_is(commas_alone + "\n", {.dialect = commas()}) == commas_alone + "\n");
  }
  TEST_CASE("as is: spaces that are layout") {
    CHECK(as_is("a, b, c\n1, 2, 3\n4, \"5, x\", 6\n") == "a,b,c\n1,2,3\n4,\"5, x\",6\n");
    CHECK(as_is("  id   name    size\n  1    anna    5.5\n 22    bert    16.5 \n333    charlie 7.5\n") ==
          "id,name,size\n1,anna,5.5\n22,bert,16.5\n333,charlie,7.5\n");
  }
  TEST_CASE("as is: the same on any number of threads and chunks of any size") {
    std::string text = "a,b,c\n";
    for (int row = 0; row < 300; ++row) {
      const std::string number = std::to_string(row);
      text += number + (row % 7 == 0 ? ",\"x\n" + number + "\"" : ",\"y") + (row % 11 == 0 ? "" : ",z") + "\n";
    }
    const std::string whole = as_is(text, {.dialect = commas()});
    for (const size_t chunk_bytes : {1u, 7u, 64u, 1000u}) {
      CAPTURE(chunk_bytes);
      CHECK(as_is(text, {.dialect = commas(), .chunk_bytes = chunk_bytes, .threads = 3}) == whole);
    }
  }
}
