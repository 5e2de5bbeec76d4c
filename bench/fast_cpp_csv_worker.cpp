// Fast C++ CSV Parser (Debian's libfccp-dev) as a benchmark worker. Enters: a job for `fields` or `bytes`. Leaves: what
// every field held. It wants the number of columns when it is compiled, hands out zero-terminated fields, and takes no
// line end inside quotes.
#define CSV_IO_NO_THREAD

#include <libfccp/csv.h>
#include <array>
#include <cstring>
#include <utility>

#include "worker.hpp"

namespace {

template <unsigned kColumns, bool kEveryByte, size_t... kIndex>
worker::Seen read(const std::string& data, std::index_sequence<kIndex...>) {
  worker::Seen seen;
  io::CSVReader<kColumns, io::trim_chars<>, io::double_quote_escape<',', '"'>> reader("input", data.data(),
                                                                                      data.data() + data.size());
  reader.next_line();  // the header
  std::array<char*, kColumns> fields{};
  while (reader.read_row(fields[kIndex]...)) {
    ++seen.rows;
    (seen.field<kEveryByte>({fields[kIndex], std::strlen(fields[kIndex])}), ...);
  }
  return seen;
}

template <bool kEveryByte>
worker::Seen read(const std::string& data, size_t columns) {
  switch (columns) {
    case 4:
      return read<4, kEveryByte>(data, std::make_index_sequence<4>());
    case 9:
      return read<9, kEveryByte>(data, std::make_index_sequence<9>());
    case 16:
      return read<16, kEveryByte>(data, std::make_index_sequence<16>());
    case 19:
      return read<19, kEveryByte>(data, std::make_index_sequence<19>());
    case 300:
      return read<300, kEveryByte>(data, std::make_index_sequence<300>());
    default:
      std::fprintf(stderr, "not compiled for %zu columns\n", columns);
      std::exit(1);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const worker::Job job = worker::job_of(argc, argv);
  const std::string data = worker::file_text(job.input);
  const size_t columns = job.columns.size();
  return worker::serve([&] { return job.work == "bytes" ? read<true>(data, columns) : read<false>(data, columns); },
                       [](const worker::Seen& seen) { return seen.json(); });
}
