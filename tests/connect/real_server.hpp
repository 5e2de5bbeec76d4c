// The real ClickHouse server that tests/real/with_clickhouse.py starts, and short ways to work with connectors.
#pragma once

#include <doctest/doctest.h>

#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "flatbed/registry.hpp"

namespace flatbed::real {

/// Returns "127.0.0.1:PORT". Without a server the test fails, or says that it is skipped where that was asked for.
inline std::optional<std::string> server() {
  const char* url = std::getenv("FLATBED_TEST_CLICKHOUSE");
  if (url != nullptr) return std::string(url).substr(std::string("http://").size());
  const char* without = std::getenv("FLATBED_TEST_NO_SERVER");
  if (without == nullptr || std::string(without) != "1") {
    FAIL("no server: run the tests by tests/real/with_clickhouse.py, or set FLATBED_TEST_NO_SERVER=1 to skip this one");
  }
  MESSAGE("SKIPPED: needs a ClickHouse server");
  return std::nullopt;
}

using Given = std::map<std::string, std::string>;

inline Result<std::vector<Batch>> read_all(const Registry& registry, const std::string& uri, const Given& options = {},
                                           const ReadRequest& request = {}) {
  auto source = registry.source({uri, options});
  if (!source) return std::move(source).error();
  auto schema = (*source)->open(request, {});
  if (!schema) return std::move(schema).error();
  std::vector<Batch> batches;
  for (;;) {
    auto delivery = (*source)->next({});
    if (!delivery) return std::move(delivery).error();
    if (!*delivery) return batches;
    CHECK((*delivery)->batch.schema() == *schema);
    batches.push_back(std::move((*delivery)->batch));
  }
}

inline Status write_all(Sink& sink, const std::vector<Batch>& batches, const WriteRequest& request = {}) {
  if (auto existing = sink.existing({}); !existing) return std::move(existing).error();
  if (Status status = sink.open(batches.front().schema(), request, {}); !status) return status;
  for (const Batch& batch : batches) {
    if (Status status = sink.write(batch, {}); !status) return status;
  }
  return sink.finish({});
}

inline Result<Acknowledged> write_all(const Registry& registry, const std::string& uri, const Given& options,
                                      const std::vector<Batch>& batches) {
  auto sink = registry.sink({uri, options});
  if (!sink) return std::move(sink).error();
  if (Status status = write_all(**sink, batches); !status) return std::move(status).error();
  return (*sink)->acknowledged();
}

}  // namespace flatbed::real
