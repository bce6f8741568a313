// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Names that sound right in three languages and belong to nobody in particular.

#include <string>
#include <string_view>

#include "simulation/draw.hpp"

namespace kith::simulation {

/// Of a person or company, and of the country it lives in.
enum class Tongue : std::int32_t { chinese = 0, japanese = 1, english = 2 };

Tongue draw_tongue(Draw& draw);
/// 王小明, 佐藤 健, Grace Miller.
std::string draw_person(Draw& draw, Tongue tongue);
/// 苏州远景机械有限公司, 株式会社大和製作所, Northgate Tools Ltd.
std::string draw_company(Draw& draw, Tongue tongue);
/// "China", "Japan", or one of several that speak English.
std::string draw_country(Draw& draw, Tongue tongue);
std::string draw_sector(Draw& draw);
std::string draw_role(Draw& draw, Tongue tongue);
/// A number nobody is called at: within blocks that are kept free for fiction where there are such.
std::string draw_phone(Draw& draw, Tongue tongue);
/// What a deal is about: "Extension for Northgate Tools Ltd".
std::string draw_title(Draw& draw, Tongue tongue, std::string_view customer);

}  // namespace kith::simulation
