// SPDX-License-Identifier: Apache-2.0
#include "internal.hpp"
#include "kith/kith.hpp"
#include "kith/simulation/company.hpp"

using namespace kith::c;
namespace simulation = kith::simulation;

namespace {

simulation::CompanyOptions company_of(const kith_company_options& given) {
  simulation::CompanyOptions options;
  options.seed = given.seed;
  if (given.records != 0) options.records = given.records;
  options.from = {given.from};
  options.to = {given.to};
  if (given.currency != nullptr) options.currency = kith::currency(given.currency);
  return options;
}

}  // namespace

int32_t kith_generate(const char* url, size_t size, const kith_company_options* options, kith_table** out,
                      kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    static_cast<void>(need(url, "url"));
    const kith_company_options given = read_struct(options, "options");
    simulation::GenerateOptions wanted;
    wanted.company = company_of(given);
    wanted.events = given.without_events == 0;
    if (given.progress != nullptr) {
      wanted.progress = [&given](std::int64_t done, std::int64_t total) {
        return given.progress(given.context, done, total) == 0;
      };
    }
    give(out, simulation::to_table(simulation::generate(text_of(url, size, "url"), kith::model(), wanted)));
  });
}

int32_t kith_generate_inputs(const kith_company_options* options, kith_text** out, kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    const simulation::Company company(company_of(read_struct(options, "options")));
    give(out, kith::incentive::canonical_json(simulation::plan_inputs(company)));
  });
}
