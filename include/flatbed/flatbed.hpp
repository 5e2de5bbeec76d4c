// All of the library.
#pragma once

#include "flatbed/arrow.hpp"
#include "flatbed/batch.hpp"
#include "flatbed/bytes.hpp"
#include "flatbed/csv.hpp"
#include "flatbed/dialect.hpp"
#include "flatbed/pipeline.hpp"
#include "flatbed/processor.hpp"
#include "flatbed/profile.hpp"
#include "flatbed/quarantine.hpp"
#include "flatbed/receipt.hpp"
#include "flatbed/registry.hpp"
#include "flatbed/schema.hpp"
#include "flatbed/sink.hpp"
#include "flatbed/source.hpp"
#include "flatbed/status.hpp"
#include "flatbed/version.hpp"
