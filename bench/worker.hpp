// A benchmark worker as a process: the job from the command line, the clock, and the protocol of README.md.
#pragma once

#include <sys/resource.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace worker {

/// What the command line asks for: PEER WORK THREADS INPUT OUTPUT NULL NAME=TYPE ...
struct Job {
  std::string peer{}, work{};
  unsigned threads = 1;
  std::string input{}, output{}, null{};
  std::vector<std::pair<std::string, std::string>> columns{};  ///< names and ClickHouse types
};

inline Job job_of(int argc, char** argv) {
  Job job{argv[1], argv[2], static_cast<unsigned>(std::stoul(argv[3])), argv[4], argv[5], argv[6]};
  for (int index = 7; index < argc; ++index) {
    const std::string part = argv[index];
    const size_t equals = part.find('=');
    job.columns.emplace_back(part.substr(0, equals), part.substr(equals + 1));
  }
  return job;
}

/// Every field is seen: counted, its length added, its first byte mixed in; every byte is added up where asked for.
struct Seen {
  uint64_t rows = 0, fields = 0, bytes = 0, sum = 0;
  unsigned char first = 0;

  template <bool kEveryByte>
  void field(std::string_view text) {
    ++fields;
    bytes += text.size();
    if (!text.empty()) first ^= static_cast<unsigned char>(text.front());
    if constexpr (kEveryByte) {
      uint64_t added = 0;
      for (const char byte : text) added += static_cast<unsigned char>(byte);
      sum += added;
    }
  }

  void add(const Seen& other) {
    rows += other.rows;
    fields += other.fields;
    bytes += other.bytes;
    sum += other.sum;
    first ^= other.first;
  }

  std::string json() const {
    std::ostringstream out;
    out << R"({"rows": )" << rows << R"(, "fields": )" << fields << R"(, "bytes": )" << bytes << R"(, "first": )"
        << unsigned{first} << R"(, "sum": )" << sum << "}";
    return out.str();
  }
};

inline std::string file_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  std::string text(static_cast<size_t>(file.tellg()), '\0');
  file.seekg(0);
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  return text;
}

inline double seconds(const timeval& time) {
  return double(time.tv_sec) + double(time.tv_usec) / 1e6;
}

inline rusage usage() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  return used;
}

/// Most memory this process has had so far.
inline uint64_t peak_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stoull(line.substr(6));
  }
  return 0;
}

/// Answers "check" and "run" lines. `work` does the work once and returns its result; `check` tells what a result is.
template <class Work, class Check>
int serve(Work work, Check check) {
  const uint64_t base_kib = peak_kib();
  for (std::string line; std::getline(std::cin, line);) {
    const rusage before = usage();
    const auto start = std::chrono::steady_clock::now();
    const auto result = work();
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
    const rusage after = usage();
    if (line == "check") {
      std::puts(check(result).c_str());
    } else {
      std::printf(R"({"wall": %.6f, "user": %.6f, "system": %.6f, "peak_kib": %llu, "base_kib": %llu})"
                  "\n",
                  wall.count(), seconds(after.ru_utime) - seconds(before.ru_utime),
                  seconds(after.ru_stime) - seconds(before.ru_stime), static_cast<unsigned long long>(peak_kib()),
                  static_cast<unsigned long long>(base_kib));
    }
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace worker
