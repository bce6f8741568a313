// SPDX-License-Identifier: Apache-2.0
#include "simulation/names.hpp"

namespace kith::simulation {
namespace {

using Words = std::span<const std::string_view>;

constexpr std::string_view kChineseFamilies[] = {"王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周",   "吴",  "徐",
                                                 "孙", "胡", "朱", "高", "林", "何", "郭", "马", "罗",   "梁",  "宋",
                                                 "郑", "谢", "韩", "唐", "冯", "于", "董", "萧", "欧阳", "司马"};
constexpr std::string_view kChineseGiven[] = {"伟",   "芳",   "娜",   "敏",   "静",   "丽",   "强",   "磊",  "军", "洋",
                                              "勇",   "艳",   "杰",   "娟",   "涛",   "明",   "超",   "霞",  "平", "刚",
                                              "建华", "志强", "小红", "雪梅", "晓东", "国栋", "子涵", "雨桐"};
constexpr std::string_view kChineseCities[] = {"北京", "上海", "深圳", "广州", "苏州", "杭州",
                                               "成都", "武汉", "南京", "青岛", "西安", "厦门"};
constexpr std::string_view kChineseWords[] = {"远景", "华泰", "金龙", "东方", "宏达", "瑞丰", "新星", "天成",
                                              "恒信", "博雅", "中联", "海创", "鑫源", "启明", "国泰", "龙腾"};
constexpr std::string_view kChineseTrades[] = {"机械", "科技", "贸易", "电子", "物流", "食品", "医药", "建材"};
constexpr std::string_view kChineseForms[] = {"有限公司", "股份有限公司", "集团"};

constexpr std::string_view kJapaneseFamilies[] = {"佐藤", "鈴木", "高橋", "田中", "伊藤",   "渡辺", "山本", "中村",
                                                  "小林", "加藤", "吉田", "山田", "佐々木", "山口", "松本", "井上"};
constexpr std::string_view kJapaneseGiven[] = {"健",   "翔太", "大輔", "拓也", "直樹", "美咲", "陽子", "さくら",
                                               "由美", "恵子", "太郎", "蓮",   "葵",   "結衣", "誠",   "明美"};
constexpr std::string_view kJapaneseWords[] = {"大和", "富士", "旭",   "東洋", "日の出", "三光", "若葉",   "青葉",
                                               "光洋", "丸一", "北斗", "桜井", "朝日野", "松島", "高千穂", "瑞穂"};
constexpr std::string_view kJapaneseTrades[] = {"製作所", "商事", "工業", "電機", "食品", "物産", "システム", "運輸"};

constexpr std::string_view kEnglishFamilies[] = {"Smith",  "Miller", "Brown", "O'Neill", "Walker", "Fischer",
                                                 "García", "Martin", "Singh", "Novák",   "Larsen", "Okafor",
                                                 "Rossi",  "Dubois", "Kim",   "Nguyen",  "Baker",  "Ferreira"};
constexpr std::string_view kEnglishGiven[] = {"Grace", "Oliver", "Amelia", "Jack",  "Zoë",    "Noah", "Priya", "Liam",
                                              "Chloé", "Ethan",  "Maya",   "Lucas", "Ingrid", "Omar", "Nora",  "Felix"};
constexpr std::string_view kEnglishWords[] = {"Northgate", "Silverline", "Blue Harbor", "Oakfield",  "Redwood",
                                              "Summit",    "Crestview",  "Ironbridge",  "Lakeshore", "Maple & Sons",
                                              "Pioneer",   "Westbrook",  "Granite",     "Evergreen", "Kingsway"};
constexpr std::string_view kEnglishTrades[] = {"Tools",    "Logistics", "Foods",  "Health",
                                               "Software", "Textiles",  "Energy", "Instruments"};
constexpr std::string_view kEnglishForms[] = {" Ltd", ", Inc.", " LLC", " plc", ""};
constexpr std::string_view kEnglishCountries[] = {"United States", "United Kingdom", "Canada",
                                                  "Australia",     "Ireland",        "Singapore"};

constexpr std::string_view kSectors[] = {"manufacturing", "retail", "software", "health",
                                         "logistics",     "energy", "food",     "education"};
constexpr std::string_view kRoles[][5] = {{"采购经理", "总经理", "财务总监", "工程师", "厂长"},
                                          {"購買部長", "社長", "経理部長", "技術者", "工場長"},
                                          {"Buyer", "CEO", "CFO", "Engineer", "Plant manager"}};
constexpr std::string_view kTitles[][4] = {{"新购", "续约", "扩容", "升级"},
                                           {"新規", "更新", "増設", "改修"},
                                           {"New business", "Renewal", "Extension", "Upgrade"}};

std::string pick(Draw& draw, Words words) { return std::string(draw.of(words)); }

std::string digits(Draw& draw, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += static_cast<char>('0' + draw.below(10));
  return text;
}

}  // namespace

Tongue draw_tongue(Draw& draw) { return static_cast<Tongue>(draw.below(3)); }

std::string draw_person(Draw& draw, Tongue tongue) {
  switch (tongue) {
    case Tongue::chinese: {
      std::string family = pick(draw, kChineseFamilies);
      return family + pick(draw, kChineseGiven);
    }
    case Tongue::japanese: {
      std::string family = pick(draw, kJapaneseFamilies);
      return family + " " + pick(draw, kJapaneseGiven);
    }
    case Tongue::english: break;
  }
  std::string given = pick(draw, kEnglishGiven);
  return given + " " + pick(draw, kEnglishFamilies);
}

std::string draw_company(Draw& draw, Tongue tongue) {
  std::string name;
  switch (tongue) {
    case Tongue::chinese:
      name = pick(draw, kChineseCities);
      name += pick(draw, kChineseWords);
      name += pick(draw, kChineseTrades);
      return name + pick(draw, kChineseForms);
    case Tongue::japanese: {
      const bool in_front = draw.chance(600);
      name = pick(draw, kJapaneseWords);
      name += pick(draw, kJapaneseTrades);
      return in_front ? "株式会社" + name : name + "株式会社";
    }
    case Tongue::english: break;
  }
  name = pick(draw, kEnglishWords) + " ";
  name += pick(draw, kEnglishTrades);
  return name + pick(draw, kEnglishForms);
}

std::string draw_country(Draw& draw, Tongue tongue) {
  switch (tongue) {
    case Tongue::chinese: return "China";
    case Tongue::japanese: return "Japan";
    case Tongue::english: break;
  }
  return pick(draw, kEnglishCountries);
}

std::string draw_sector(Draw& draw) { return pick(draw, kSectors); }

std::string draw_role(Draw& draw, Tongue tongue) { return pick(draw, kRoles[static_cast<std::size_t>(tongue)]); }

std::string draw_phone(Draw& draw, Tongue tongue) {
  switch (tongue) {
    case Tongue::chinese: return "+86 10 5555 " + digits(draw, 4);
    case Tongue::japanese: return "+81 3 5555 " + digits(draw, 4);
    case Tongue::english: break;
  }
  return "+1 202 555 01" + digits(draw, 2);
}

std::string draw_title(Draw& draw, Tongue tongue, std::string_view customer) {
  std::string what = pick(draw, kTitles[static_cast<std::size_t>(tongue)]);
  return tongue == Tongue::english ? what + " for " + std::string(customer) : std::string(customer) + " " + what;
}

}  // namespace kith::simulation
