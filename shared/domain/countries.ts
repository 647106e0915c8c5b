/** The codes that ISO 3166-1 assigns, alpha-2. A made-up one in a hold would stop nobody, and nobody would notice. */

/** A list of its own: what a run-time names as regions holds unions, reserved codes and former states as well. */
const assigned: ReadonlySet<string> = new Set(
  [
    'AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT',
    'BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH',
    'ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT',
    'HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS',
    'LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI',
    'NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG',
    'SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG',
    'UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW',
  ].flatMap(line => line.split(' ')),
)

/** What people write for a country that has another code. */
const meant: Readonly<Record<string, string>> = { UK: 'GB', EL: 'GR' }

export const isCountry = (code: string): boolean => assigned.has(code)

/** A country, or a part of one (ISO 3166-2), which has one to three letters or digits of its own. */
export const isRegion = (code: string): boolean =>
  /^[A-Z]{2}(-[A-Z0-9]{1,3})?$/.test(code) && isCountry(code.slice(0, 2))

/** What is said of one that is none, with the code that was meant where that is plain. */
export const countryFault = (code: string): string =>
  `it is an assigned ISO 3166-1 code of two capital letters, for instance FR${hint(code)}`

export const regionFault = (code: string): string =>
  `it is an assigned ISO 3166-1 code, or one of ISO 3166-2, in capitals, for instance FR or FR-75${hint(code)}`

function hint(code: string): string {
  const [country = ''] = code.toUpperCase().split('-')
  const instead = Object.hasOwn(meant, country) ? meant[country] : undefined
  return instead === undefined ? '' : `; for ${country} write ${instead}`
}

/** ISO 3166-2 puts the country before the hyphen: who names a country means its subdivisions too. */
export const isWithin = (region: string | undefined, named: string): boolean =>
  region !== undefined && (region === named || region.startsWith(`${named}-`))
