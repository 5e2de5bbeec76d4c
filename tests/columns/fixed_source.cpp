// Fixed width text, read and written.
#include "columns/fixed_source.hpp"

#include <doctest/doctest.h>

#include "bytes/temporary_folder.hpp"
#include "encode/fixed.hpp"
#include "flatbed/pipeline.hpp"

namespace {

using namespace flatbed;

const Registry& registry() {
  static const Registry kRegistry = Registry::with_builtins();
  return kRegistry;
}

// The file as CSV.
Result<std::string> as_csv(const std::string& text, std::map<std::string, std::string> options = {},
                           std::vector<std::pair<std::string, std::string>> types = {}) {
  const TemporaryFolder folder;
  options["format"] = "fixed";
  auto receipt =
      copy({.source = {folder.put("in.txt", text), options}, .target = {folder / "out.csv"}, .types = std::move(types)},
           registry());
  if (!receipt) return std::move(receipt).error();
  return folder.get("out.csv");
}

}  // namespace

TEST_SUITE("columns") {
  TEST_CASE("the widths of columns are given, or found under the header") {
    const std::string csv = "id,name,born\n1,ann,2001-02-03\n22,Zo\xC3\xAB d'A,\n";
    CHECK(as_csv("id   name      born      \r\n  1  ann       2001-02-03\r\n 22  Zo\xC3\xAB d'A             \r\n",
                 {{"widths", "5,10,10"}})
              .value() == csv);
    CHECK(as_csv("id name     born\n-- -------- ----------\n 1 ann      2001-02-03\n22 Zo\xC3\xAB d'A\n").value() ==
          csv);
    CHECK(as_csv("id name     born\n 1 ann      2001-02-03\n\n22 Zo\xC3\xAB d'A").value() == csv);
    CHECK(
        as_csv("a note\nid name     born\n 1 ann      2001-02-03\n22 Zo\xC3\xAB d'A\n", {{"skip_rows", "1"}}).value() ==
        csv);
    CHECK(as_csv(" 1xx\n22yy\n", {{"widths", "2,2"}, {"header", "false"}}).value().find("\n22,yy\n") !=
          std::string::npos);
  }

  TEST_CASE("what is not told is refused, and a reject holds its line") {
    auto unsure = as_csv("id name\n12345 x\n");
    REQUIRE(!unsure.ok());
    CHECK(unsure.error().code == Code::kDialectUnsure);
    CHECK(unsure.error().hint == "give the widths in characters: -s widths=10,5,8");
    CHECK(as_csv("a b\n1 2\n", {{"widths", "1,x"}}).error().code == Code::kBadOption);
    const TemporaryFolder folder;
    const std::string path = folder.put("in.txt", "id name\n 1 ann \n x bob \n 3 cid        much more\n");
    auto source = registry().source({path, {{"format", "fixed"}, {"widths", "3,4"}}}).value();
    source->open({.types = {{{"id", parse_type("Int32").value()}}}}, {}).value();
    auto delivery = source->next({}).value();
    REQUIRE(delivery);
    CHECK(delivery->batch.rows() == 1);
    REQUIRE(delivery->rejects.size() == 2);
    CHECK(delivery->rejects[0].raw == " x bob ");
    CHECK(delivery->rejects[0].where.line == 3);
    CHECK(delivery->rejects[0].where.byte == 16);
    CHECK(delivery->rejects[0].where.column_name == "id");
    CHECK(delivery->rejects[1].code == Code::kRowTooLong);
    CHECK(delivery->rejects[1].raw == " 3 cid        much more");
  }

  TEST_CASE("a file of a million lines gives the line of its one fault") {
    std::string text = "id     name\n";
    for (int i = 0; i < 1'000'000; ++i) {
      std::string id = std::to_string(i);
      id.resize(7, ' ');
      text += (i == 777'777 ? "oops   " : id) + "n\n";
    }
    const TemporaryFolder folder;
    auto receipt = copy({.source = {folder.put("in.txt", text), {{"format", "fixed"}}},
                         .target = {folder / "out.csv"},
                         .types = {{"id", "UInt32"}},
                         .on_reject = OnReject::kSkip},
                        registry());
    REQUIRE_MESSAGE(receipt.ok(), to_string(receipt.error()));
    CHECK(receipt->loaded == 999'999);
    CHECK(receipt->first_rejects[0].where.line == 777'779);
    CHECK(receipt->first_rejects[0].where.byte == 12 + 777'777 * 9);
    CHECK(receipt->first_rejects[0].raw == "oops   n");
  }

  TEST_CASE("what is written reads back, or is refused") {
    const TemporaryFolder folder;
    const std::string csv = folder.put("in.csv", "id,name\n1,ann\n-22,Zo\xC3\xAB\n");
    const std::map<std::string, std::string> fixed{{"format", "fixed"}, {"widths", "5,6"}};
    copy({.source = {csv}, .target = {folder / "out.txt", fixed}}, registry()).value();
    CHECK(folder.get("out.txt") == "   idname  \n    1ann   \n  -22Zo\xC3\xAB   \n");
    copy({.source = {folder / "out.txt", fixed}, .target = {folder / "back.csv"}}, registry()).value();
    CHECK(folder.get("back.csv") == folder.get("in.csv"));
    for (const char* bad : {"id,name\n1,too wide a name\n", "id,name\n1,\" x\"\n", "id,name\n123456,x\n"}) {
      auto refused = copy({.source = {folder.put("bad.csv", bad)}, .target = {folder / "bad.txt", fixed}}, registry());
      REQUIRE(!refused.ok());
      CHECK(refused.error().code == Code::kInexact);
      CHECK(folder.get("bad.txt").empty());
    }
  }
}
