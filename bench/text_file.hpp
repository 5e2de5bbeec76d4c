// The bytes that the reader's benchmarks work on: a file named by BENCH_FILE, or rows like TPC-H lineitem's.
#pragma once

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>

namespace bench {

inline std::string made_lineitem(size_t rows) {
  std::mt19937 random(1);
  const auto below = [&](unsigned most) { return std::to_string(random() % most); };
  std::string text =
      "l_orderkey,l_partkey,l_suppkey,l_linenumber,l_quantity,l_extendedprice,l_discount,l_tax,l_returnflag,"
      "l_linestatus,l_shipdate,l_commitdate,l_receiptdate,l_shipinstruct,l_shipmode,l_comment\n";
  for (size_t row = 0; row < rows; ++row) {
    text += std::to_string(row) + "," + below(200000) + "," + below(10000) + "," + below(8) + "," + below(50) + "," +
            below(100000) + ".1" + below(10) + ",0.0" + below(10) + ",0.0" + below(9) + ",N,O,";
    for (int i = 0; i < 3; ++i) text += "1995-0" + std::to_string(1 + random() % 9) + "-1" + below(10) + ",";
    text += "DELIVER IN PERSON,TRUCK,\"" + std::string(10 + random() % 33, 'y') + ", x\"\n";
  }
  return text;
}

inline std::string_view text_file() {
  static const std::string text = [] {
    const char* name = std::getenv("BENCH_FILE");
    if (name == nullptr) return made_lineitem(1000000);
    std::ifstream file(name, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }();
  return text;
}

}  // namespace bench
