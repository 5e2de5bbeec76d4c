// Loads a CSV file into a new table of an embedded ClickHouse and exports four columns of it, from C++.
//
//   cmake -S . -B build -DCMAKE_PREFIX_PATH=/where/flatbed/is && cmake --build build
//   build/flights ../flights.csv /tmp/flights
//
// The second argument is a folder to be made; the database lives in it.
#include <flatbed/flatbed.hpp>

#include <fstream>
#include <iostream>
#include <string>

namespace {

void show_file(const std::string& path, const flatbed::Registry& registry) {
  std::ifstream file(path);
  const std::string head(std::istreambuf_iterator<char>(file), {});
  std::cout << "delimiter: " << flatbed::sniff(head, true).value().delimiter.value << "\ncolumns:\n";
  for (const flatbed::Field& field : flatbed::discover({.uri = path}, registry).value().fields) {
    std::cout << "  " << field.name << ' ' << to_string(field.type) << '\n';
  }
}

void load(const std::string& path, const std::string& table, const flatbed::Registry& registry) {
  const flatbed::Plan plan{
      .source = {.uri = path},
      .target = {.uri = table, .options = {{"create", "true"}, {"order_by", "time_hour,carrier,flight"}}}};
  const flatbed::Receipt receipt = flatbed::copy(plan, registry).value();
  std::cout << "read " << receipt.read << ", loaded " << receipt.loaded << ", rejected " << receipt.rejected << '\n';
}

void export_columns(const std::string& table, const std::string& path, const flatbed::Registry& registry) {
  const flatbed::Plan plan{
      .source = {.uri = table}, .target = {.uri = path}, .columns = {"carrier", "flight", "dest", "dep_delay"}};
  std::cout << "exported " << flatbed::copy(plan, registry).value().loaded << ":\n";
  std::cout << std::ifstream(path).rdbuf();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: " << argv[0] << " FILE FOLDER\n";
    return 1;
  }
  const std::string folder = argv[2];
  const std::string table = "chdb:" + folder + "/clickhouse/demo/flights";
  const auto registry = flatbed::Registry::with_builtins();
  try {
    show_file(argv[1], registry);
    load(argv[1], table, registry);
    export_columns(table, folder + "/flights.tsv", registry);
  } catch (const flatbed::Exception& failed) {
    std::cerr << failed.what() << '\n';
    return exit_code(failed.error());
  }
}
