// The official client, clickhouse_connect, as the way to a server.
#pragma once

#include "bytes/clickhouse_server.hpp"
#include "calls.hpp"

namespace flatbed::python {

// Makes a carrier of a client of clickhouse_connect. Its calls are made one at a time.
std::shared_ptr<Carrier> client_carrier(py::object client);

}  // namespace flatbed::python
