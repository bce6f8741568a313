// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// libpq, loaded when it is first needed: its functions as members of one table.

#ifdef KITH_POSTGRES

#include <libpq-events.h>
#include <libpq-fe.h>

#include <string>
#include <string_view>
#include <vector>

namespace kith::postgres {

#define KITH_LIBPQ_FUNCTIONS(F) \
  F(PQconnectdbParams)          \
  F(PQconninfoParse)            \
  F(PQconndefaults)             \
  F(PQconninfoFree)             \
  F(PQfreemem)                  \
  F(PQfinish)                   \
  F(PQstatus)                   \
  F(PQtransactionStatus)        \
  F(PQparameterStatus)          \
  F(PQserverVersion)            \
  F(PQerrorMessage)             \
  F(PQdb)                       \
  F(PQhost)                     \
  F(PQuser)                     \
  F(PQexec)                     \
  F(PQexecParams)               \
  F(PQprepare)                  \
  F(PQexecPrepared)             \
  F(PQsendQueryParams)          \
  F(PQsendQueryPrepared)        \
  F(PQgetResult)                \
  F(PQenterPipelineMode)        \
  F(PQexitPipelineMode)         \
  F(PQpipelineStatus)           \
  F(PQpipelineSync)             \
  F(PQputCopyData)              \
  F(PQputCopyEnd)               \
  F(PQclear)                    \
  F(PQresultStatus)             \
  F(PQresultErrorField)         \
  F(PQresultErrorMessage)       \
  F(PQntuples)                  \
  F(PQnfields)                  \
  F(PQgetvalue)                 \
  F(PQgetlength)                \
  F(PQgetisnull)                \
  F(PQcmdStatus)                \
  F(PQcmdTuples)                \
  F(PQsetNoticeProcessor)       \
  F(PQregisterEventProc)        \
  F(PQsetErrorVerbosity)        \
  F(PQreset)                    \
  F(PQconnectionNeedsPassword)  \
  F(PQsocket)                   \
  F(PQlibVersion)

struct Api {
#define KITH_LIBPQ_MEMBER(name) decltype(&::name) name = nullptr;
  KITH_LIBPQ_FUNCTIONS(KITH_LIBPQ_MEMBER)
#undef KITH_LIBPQ_MEMBER
};

/// The functions of libpq.so.5. Error{storage} where it is missing or too old for pipelines (before 14).
const Api& api();
/// Libraries of that kind in a list of memory maps (the text of /proc/self/maps). A connection belongs to the one that
/// made it; another one reads its members at other places.
std::vector<std::string> libpq_files(std::string_view maps);
/// The same table, for tests that put a failing function in a place of it while no other thread uses it.
Api& replaceable_api();

}  // namespace kith::postgres

#endif
