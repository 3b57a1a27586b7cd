"""Words of questions about series, by classes of one meaning.

An entry is a word, or several joined by `_`; `~` behind one stands for its forms with -s, -ed and -ing. A word may be
of several classes: `top` is an extreme and a bound. Words of the class `plain` ask for nothing and are passed over.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

_UP = "high large big great strong hot warm busy tall heavy good rich"
_DOWN = "low small weak cold cool quiet poor short slack slow tiny light bad deep"
_ODD_FORMS = {"good": ("better", "best"), "bad": ("worse", "worst")}
_PERIODS = ("hour", "day", "week", "month", "quarter", "year", "weekday")
_TIMES_ASKED = (*_PERIODS, "date", "time", "moment", "point", "step", "period", "decade", "season", "timestamp", "row")


def _degrees(adjectives: str, place: int) -> str:
    """Comparatives (0) or superlatives (1)."""
    found = []
    for word in adjectives.split():
        stem = word[:-1] + "i" if word.endswith("y") else word + (word[-1] if word in ("big", "hot") else "")
        stem = stem.removesuffix("e")
        found.append(_ODD_FORMS.get(word, (f"{stem}er", f"{stem}est"))[place])
    return " ".join(found)


_MORE, _LESS = f"{_degrees(_UP, 0)} more", f"{_degrees(_DOWN, 0)} less fewer lesser"
_MAX, _MIN = f"{_degrees(_UP, 1)} most utmost", f"{_degrees(_DOWN, 1)} least fewest"


def _with(words: str, before: str = "", behind: str = "") -> str:
    return " ".join(f"{before}{word}{behind}" for word in words.split())


def _than(words: str) -> str:
    return f"{_with(words, behind='_than')} {_with(words, behind='_then')}"


_REACH = "reach~ hit hits hitting attain~ touch~ get_to gets_to got_to getting_to arrive~_at make~_it_to"
_NOT = ("not", "n't", "never", "no")
_FALL_BELOW = "falling_below dropping_below dipping_below going_below falling_under dropping_under going_under"
_WRITE_DOWN = "fill fill_in enter record log note note_down write write_down put_in key_in measure"
_NOTHING = "value values figure figures reading readings data entry entries number numbers measurement observation"
_HEAPS = "pot pile heap basket bucket bag pool lump list column series group set"
_BEYOND = "above over beyond past north_of"
_SHORT_OF = "below under beneath underneath short_of south_of"
_EXCEED = (
    "exceed~ surpass~ outrun overtake~ overtook outstrip~ top~ breach~ pass~ cross~ clear~ overshoot~ overshot "
    "break_through breaks_through broke_through broken_through break~_past broke breaking"
)

CLASSES: dict[str, str] = {
    # Extremes.
    "max": f"absolute_maximum absolute_peak "
    f"comes_out_on_top come_out_on_top argmax tops maxi {_MAX} max maxes maximum maximums maxima maximal "
    "maximally peak~ top topmost zenith climax summit pinnacle apex culminate~ culmination ceiling ceilings "
    "upper_limit upper_bound upper_extreme cap record record_high record_highs all_time_high all_time_highs "
    "all_time_record highs the_high its_high a_high new_high time_high high_point high_points high_mark "
    "high_water_mark high_watermark tops_out topped_out top_out topping_out max_out maxed_out maxes_out "
    "at_its_height the_height height heights never_surpassed never_exceeded never_topped never_beaten never_higher "
    "on_top number_one at_most at_the_most at_best at_its_best crest crests biggie tippy_top extreme_high "
    "farthest_up furthest_up greatest upmost how_far_up peak_value the_roof as_high_as",
    "min": f"absolute_minimum "
    f"argmin {_MIN} min mins minimum minimums minima minimal minimally trough~ bottom~ bottom_out "
    "bottoms_out bottomed_out nadir floor floors rock_bottom record_low record_lows all_time_low all_time_lows "
    "lows the_low its_low a_low new_low time_low low_point low_points low_mark low_water_mark lower_limit "
    "lower_bound lower_extreme far_down how_far_down at_worst at_its_worst at_least at_the_least never_undercut "
    "never_lower extreme_low lowermost farthest_down furthest_down bottommost as_low_as",
    "extremes": "extremes both_extremes",
    "tall": "how_big how_large high highly large big tall much great strong far_up hot warm busy",
    "short": "low small weak short little deep cold cool quiet",
    # Comparisons.
    "more": f"or_higher or_more or_larger or_greater or_above or_bigger ahead_of {_MORE} ahead greater outdo "
    "outdid outdone",
    "less": f"or_lower or_less or_smaller or_below or_fewer {_LESS} behind",
    "above": f"break~ breaks broke ahead_of {_BEYOND} {_than(_MORE)} greater {_EXCEED} beat~ beaten outperform~ "
    "outdo outdid in_excess_of upwards_of upward_of up_past > higher_up rise_to rises_to rose_to outgrow~ top tops "
    "topped better_than bigger surmount~ exceedance exceedances went_past goes_past go_past going_past gone_past",
    "below": f"behind {_SHORT_OF} {_than(_LESS)} undershoot~ undershot undercut~ < drop_to drops_to dropped_to "
    f"fall_to falls_to fell_to sink_to sinks_to fail~_to_reach fail~_to_hit {_with(_REACH, 'not_')} "
    f"{_with(_REACH, 'never_')} {_with(_REACH, 'without_')} {_with(_REACH, 'without_quite_')} "
    "not_even_reach~ never_even_reach~ dip~_below fall~_short_of fell_short_of",
    "no_less": "at_or_above at_or_over at_or_beyond equal_to_or_above above_or_equal_to greater_than_or_equal_to "
    "above_or_at over_or_at at_least no_less_than not_less_than not_below no_lower_than no_smaller_than no_fewer_than "
    f"not_under or_more or_higher or_above or_over or_greater or_larger or_better and_up and_above and_upwards "
    f"or_upwards {_with(_FALL_BELOW, 'without_')} {_REACH} >_= ≥ "
    ">=",
    "no_more": "at_or_below at_or_under equal_to_or_below below_or_equal_to less_than_or_equal_to below_or_at "
    "under_or_at "
    "at_most no_more_than not_more_than not_above not_over not_exceed~ no_higher_than "
    "no_greater_than no_larger_than no_bigger_than or_less or_lower or_below or_under or_fewer or_smaller "
    "and_below and_under and_down and_downwards up_to without_exceeding without_going_over without_passing "
    "without_topping without_going_above without_going_beyond without_crossing without_surpassing n't_exceed "
    "n't_go_over n't_top n't_pass n't_surpass not_go_over not_top not_surpass not_pass never_exceed~ "
    "that_stays_within staying_within not_past not_beyond <_= ≤ <= capped_at",
    "reach": _REACH,
    "far": "farthest furthest",
    "equal": "exactly equal~ equal_to precisely same_as identical_to",
    "between": "between",
    "compare": "or_lower_than or_higher_than or_less_than or_more_than or_smaller_than or_larger_than "
    "or_bigger_than or_greater_than above_or_below below_or_above more_or_less_than diff diffs dissimilar "
    "discrepancy lead_over advantage edge disparity contrast differ~ difference differences different differing "
    "gap gaps margin apart separate~ versus vs v. compare~ comparison comparing than then contrast~ against "
    "distance between relative_to distinguish~ stack_up stacks_up in_comparison delta how_far_apart set_apart "
    "sets_apart measure_up spread_between",
    "minus": "- minus subtract~ less take_away away_from deduct~ to",
    # Statistics.
    "mean": "run_rate run_rates "
    "avgs av averagely mean_value typical_value norm mean means meaning average averages averaged "
    "averaging avg typical typically on_average usual_level expected_level expectation_value arithmetic "
    "arithmetic_mean ave",
    "median": "half_above half_below half_above_and_half_below half_of_them half_the_time med median medians "
    "middle_value middle_number middle_of_the_values middle_of_all_values half_of_the_values half_the_values "
    "half_of_values half_of_all_values half_of_all_readings half_of_the_readings half_the_readings 50th_percentile "
    "middle_one midpoint_value middle midpoint mid_point middlemost central_value half_of_the_numbers "
    "half_the_numbers",
    "sum": "totalled totalling "  # codespell:ignore
    "total_it_up total_them_up total_that_up sum_it_up sum_them_up total_number_of summation tot sum_total total "
    "totals totaled totaling sum sums summed summing sum_up sums_up summed_up altogether add~_up add~_together "
    "add_it_up add_them_up add_everything add_all add~ cumulative cumulatively cumulated in_all combined "
    "aggregate~ overall_amount all_together accumulate~ accumulation put_together taken_together in_total "
    "grand_total total~_up come_to come~_to all_up",
    "together": "plus + & together combined jointly joint pooled pool merged merge both as_one taken_together "
    "put_together combine~ lump~ lumped_together all_together altogether overall side_by_side joined "
    f"{_with(_HEAPS, 'into_one_')} {_with(_HEAPS, 'in_one_')} {_with(_HEAPS, 'into_a_single_')} "
    f"{_with(_HEAPS, 'into_the_same_')}",
    "std": "bounce~_around bounce~ wobble~ jitter~ jump~_around move~_around swing~_about var "
    "standard_deviation standard_deviations std std_dev stdev stdevs sd stddev sigma scatter~ scattering "
    "variability volatile volatility dispersion dispersed fluctuate~ fluctuation fluctuations vary varies varied "
    "varying variation variations variable deviate~ deviation deviations spread spread_out noisy st_dev",
    "range": "range ranges spread extremes span_between swing swings amplitude peak_to_trough bandwidth width "
    "value_range total_range",
    "percentile": "percentile percentiles quantile quantiles quartile quartiles decile deciles",
    # Movement.
    "rise": "growth_rate rise rises rose risen rising grow~ grew grown growth increase~ climb~ gain~ jump~ "
    "soar~ surge~ go_up went_up gone_up going_up goes_up move~_up up_by upswing upturn advance~ improve~ "
    "appreciate~ step_up pick~_up get_higher gets_higher got_higher shoot_up shot_up head~_up inch~_up uptick "
    "boost~ expand~ expansion",
    "fall": "fall falls fell fallen falling drop~ decline~ decrease~ shrink~ shrank shrunk sink~ sank sunk "
    "lose loses lost losing loss losses plunge~ go_down went_down gone_down going_down goes_down move~_down "
    "down_by slump~ dip~ diminish~ slide slides slid downturn decay~ tumble~ come_down came_down coming_down "
    "head~_down drop~_off fall~_off fell_off tail~_off reduce~ reduction contract~ descend~ plummet~ lessen~ "
    "downswing",
    "change": "change~ develop~ development developments evolve~ evolution move~ movement movements shift~ "
    "swing differ go went gone going goes progress~ progression variation",
    "up": "up upward upwards positive positively ascending ascend uphill growing",
    "down": "down downward downwards negative negatively descending downhill",
    "trend": "trend~ trending direction directions directional heading headed head tend~ tendency tendencies "
    "slope~ trajectory long_term stagnate~ stagnation stable stability steady steadily flat constant which_way "
    "getting becoming become on_the_rise on_the_decline over_time unchanged same_level level_off sideways drift~ "
    "path",
    "rate": "how_fast how_quickly how_rapidly how_slowly rate pace speed growth_rate",
    "fast": "fast faster fastest quick quicker quickest quickly rapid rapidly steep steeper steepest steeply "
    "sharp sharper sharpest sharply dynamic strongly hardest grower growers climber climbers riser risers",
    "slow": "slow slower slowest slowly",
    "step": "one_step one_to_the_next step_to_step consecutive in_one_step single_step within_one at_once "
    "between_neighbors between_consecutive",
    # Shares and counts.
    "percent": "how_many_percent by_how_many_percent pc percent per_cent percentage percentages % pct "
    "percentagewise percentage_wise relative relatively proportionally proportional growth_rate factor "
    "relative_terms rate_of_change rate_of_growth ratio",
    "share": "how_many_percent by_how_many_percent share shares fraction fractions proportion proportions "
    "percentage percentages percent per_cent % pct portion portions part parts ratio how_much_of percentagewise "
    "chunk slice",
    "count": "total_count total_rows total_observations total_records total_entries total_count_of how_many "
    "number_of count count_of counts counted counting tally amount_of quantity_of no_of nr_of n_obs n_observations "
    "n_rows n_values n_points num_obs num_rows num_values num_points cnt n n_of number_times total_number_of "
    "how_any how_often how_frequently how_many_times occasions occasion frequency times_did instances instance "
    "cases case frequently frequent often times_was times_is times_has times_were #_of a_count",
    # Times.
    "when": "from_what_date from_which_date from_which_day from_what_day argmax argmin whens when whenever date "
    "dates timing how_soon how_long_until how_long_till how_long_before "
    "time_of moment moments point_in_time in_time since_when until_when from_when by_when dated the_day the_time "
    "day_of timestamp timestamps time_stamp how_far_back go_back goes_back go_back_to up_to_when "
    + " ".join(
        f"{which}_{unit}" for which in ("which", "what", "what_was_the", "what_is_the") for unit in _TIMES_ASKED
    ),
    "unit": " ".join(f"{unit}~" for unit in (*_PERIODS, "minute", "step", "period", "decade"))
    + " time_step timestep timesteps",
    "per": "per each every by hourly daily weekly monthly quarterly yearly annual annually",
    "usual": "usual usually typical typically normal normally general generally tend~ in_general "
    "most_of_the_time always often on_a_regular_basis as_a_rule regularly year_in year_out commonly ordinarily "
    "mostly calendar of_the_year of_the_week of_the_day time_of_day time_of_year time_of_the_day time_of_the_year "
    "every_year each_year",
    "beside": "before after ago until till since prior preceding followed",
    "howmany": "total_count total_rows total_observations total_records total_entries total_count_of how_many "
    "number_of count count_of counts counted counting tally amount_of quantity_of no_of nr_of n_obs n_observations "
    "n_rows n_values n_points num_obs num_rows num_values num_points cnt n n_of number_times total_number_of",
    "first": "1st very_first first earliest initial initially firstly originally original",
    "last": "prev last latest most_recent most_recently newest final finally lastly current currently",
    "now": "curr as_it_stands the_moment so_far_the_last latest current currently now most_recent "
    "most_recently newest right_now today at_present presently at_the_moment last_known last_observed "
    "last_recorded most_up_to_date up_to_date present freshest as_of_now these_days nowadays at_the_end by_the_end "
    "at_last",
    "begin": "from_what_date from_which_date from_which_day from_what_day begin~ began begun start~ oldest "
    "go_back goes_back how_far_back since_when from_when commence~ kick~_off reach_back reaches_back beginning "
    "open~ origin earliest onset date_back dates_back",
    "rows": "data_set data_sets obs vals nums data rows_of_data observed lines entries points datapoint "
    "datapoints observations values rows readings records steps samples series measurements numbers figures hours "
    "days weeks months quarters years periods dataset data_points timestamps data_point items ticks intervals "
    "cases observation value row reading record entry step sample long",
    "steepest": "steepest sharpest fastest hardest strongest most_sudden most_dramatic most_abrupt quickest",
    "quantity": "how_much by_how_much how_far how_strongly by_what by_how how_many_percent by_how_many "
    "by_how_many_percent",
    "end": "end~ stop~ finish~ until_when up_to_when last_date latest_date most_recent_date close~ closing run~_out",
    "next": "next following coming upcoming subsequent comes_next come_next follow~",
    "ordinal": "second third fourth fifth sixth seventh eighth ninth tenth",
    "runner": "runner_up second_best second_place third_place next_best next_highest next_largest next_biggest "
    "next_lowest next_smallest ranks_second comes_second came_second ranked_second in_second ranks_third "
    "comes_third second_position third_position number_two number_three",
    # The future.
    "future": "fcst fcsts pred preds proj one_step_ahead step_ahead ahead_forecast will won't it'll shall "
    "going_to gonna we'll they'll that'll forecast~ forecasted predict~ prediction predictions expect~ expectation "
    "expectations project "
    "projected project_it projection projections foresee~ foreseen outlook estimate~ estimation upcoming coming "
    "tomorrow future ahead anticipate~ anticipation prognosis prognoses from_now count_on do_you_think "
    "do_you_believe do_you_suppose do_you_reckon you_reckon going_forward about_to soon horizon likely next "
    "envision~ envisage~ by_when how_soon how_long_until how_long_till how_long_before comes_next what_comes "
    "bound_to set_to best_guess",
    "chance": "probability probable probably probabilities chance chances odds likelihood likely unlikely risk "
    "possibility possible bet",
    # The record as a whole.
    "season": "come~_back keep~_coming_back come~_around come~_round ups_and_downs up_and_down wave waves "
    "oscillate~ oscillation oscillations cycling regular_intervals every_so_often same_time_every same_shape "
    "season seasons seasonal seasonality seasonally seasonalities cycle~ cyclic cyclical cyclically cyclicality "
    "cyclicity periodic periodically periodicity periodicities repeat~ repetition repetitive recur~ recurrent "
    "recurrence recurring pattern patterns rhythm rhythms rhythmic repeatedly its_period the_period_length "
    "period_length seasonal_period",
    "strong": "strength pronounced marked intense intensity dominant strongly strong weak clear obvious "
    "visible distinct significant",
    "break": "baseline_moved baseline_shift~ baseline_jump~ baseline_changed "
    "level_jump~ level_moved mean_jump~ lasts another_level different_level new_normal break~ broke "
    "broken structural structurally regime regimes change_point change_points changepoint changepoints shift~ "
    "sudden suddenly abrupt abruptly discontinuity discontinuities step_change lasting permanent permanently "
    "level_change level_changes level_chang~ persistent persistently for_good new_level switch~ lurch~ "
    "change~_in_level change~_in_the_level change~_of_level change~_of_the_level jump~_in_level jump~_in_the_level "
    "jump~_in_the_mean change~_level level_has_changed level_changed mean_level_has_changed",
    "near": "closest nearest how_close close closely just right immediately next_to",
    "others": "other others rest remaining remainder the_others the_rest rest_of_the_week the_other_days "
    "other_days all_other_days rest_of_the_days remaining_days everything_else anything_else",
    "effect": "effect effects matter matters",
    "except": "disregard~ leave~_out leave~_aside put~_aside putting_aside setting_aside "
    "omit~ discard~ set~_aside ignore~ remove~ exclude~ throw~_out throw~_away skip~ "
    "filter~_out forget without apart_from other_than besides except except_for excluding not_counting ignoring "
    "leaving_out "
    "but_for aside_from",
    "odd": "extreme off",
    "outlier": "looks_wrong look_wrong seems_wrong seem_wrong wrong_values look~_off seem~_off are_off is_off "
    "was_off looks_extreme look_extreme extreme_values extreme_value extreme_readings extreme_points "
    "extreme_observations extreme_observation lie_far_off lies_far_off lie_far_from lies_far_from "
    "far_off_the_usual far_from_the_others far_from_the_rest "
    "not_like_the_others unlike_the_others unlike_the_rest misfit misfits "
    "alien outlier outliers anomaly anomalies anomalous unusual unusually strange stranger strangest odd oddest "
    "odd_ones stick~_out stuck_out stand~_out stood_out spike spikes spiky weird weirdest suspicious suspiciously "
    "abnormal abnormality abnormalities irregularity irregularities exceptional exceptionally implausible atypical "
    "something_off anything_off out_of_line out_of_the_ordinary extraordinary freak peculiar bizarre out_of_place "
    "unexpected surprising surprisingly deviant aberration aberrations glitch glitches erroneous not_normal "
    "n't_normal does_not_fit do_not_fit not_fit n't_fit n't_belong not_belong far_out fishy wonky funny wild crazy "
    "quirk quirks oddity oddities rogue outlying oddball oddballs",
    "missing": "without_a_value without_values without_data without_a_reading without_any_data "
    "without_any_value without_readings missing gap gaps hole holes complete completely completeness incomplete "
    "empty nan nans null nulls absent absence lacking lack lacks blank blanks unobserved not_observed not_recorded "
    "interrupted n/a na unrecorded unknown gapless gap_free not_there n't_there left_blank left_out never_recorded "
    "never_filled never_measured lost missed "
    "unavailable not_available not_filled unfilled patchy without_gaps without_holes without_missing "
    f"without_any_gaps without_a_gap no_gaps {_with(_WRITE_DOWN, 'forget~_to_')} {_with(_WRITE_DOWN, 'forgot_to_')} "
    f"{_with(_WRITE_DOWN, 'forgotten_to_')} {_with(_NOTHING, 'have_no_')} {_with(_NOTHING, 'has_no_')} "
    f"{_with(_NOTHING, 'had_no_')} {_with(_NOTHING, 'with_no_')}",
    "sure": "plus_or_minus you_be_off be_off it_be_off off_by be_wrong you_be_wrong how_far_off how_wrong "
    "how_sure sure certain certainty uncertain uncertainty confident confidence reliable reliability reliably "
    "trust~ trustworthy prediction_interval prediction_intervals interval intervals error_bar error_bars "
    "error_margin error_margins margin_of_error accurate accuracy precise precision far_off band bands believe_it "
    "believable dependable certitude rely error errors best_case worst_case best_and_worst_case credible "
    "credibility doubt confidence_interval uncertainties",
    "band": "wrong off solid safe scenario scenarios width wide range ranges margin spread leeway wiggle_room "
    "plausible tolerance vague robust shaky faith tight narrow tightly far_out bounds limits broad lower upper "
    "between play",
    "extent": "total_count total_rows total_observations total_records total_entries n_obs n_observations "
    "n_rows n_values n_points num_obs num_rows num_values num_points how_long how_much_data time_span timespan "
    "cover~ span~ length extent how_far_back size duration date_range time_range time_frame timeframe how_big "
    "how_large what_period which_period period_of_time row_count sample_size from_when_to_when "
    "from_when_until_when amount_of_data how_much_history",
    "period_on_period": "yoy qoq mom wow dod hoh",
    "resolution": "time_step frequency sampling sampled resolution granularity time_between interval_between "
    "spacing how_far_apart sampling_rate measured step_size step_length cadence",
    "run": "in_a_row consecutive consecutively streak streaks stretch stretches longest uninterrupted "
    "without_interruption run runs running back_to_back on_end straight spell spells without_a_break unbroken "
    "continuous continuously successive in_succession on_the_trot in_one_go at_a_stretch nonstop non_stop sequence "
    "phase in_sequence sustained one_after_the_other one_after_another how_long_did_it_stay how_long_did_it_remain "
    f"for_how_long without_dropping without_falling without_dipping {_with(_FALL_BELOW, 'without_')} lengthiest",
    # Several series.
    "correlate": "corr covary~ co_vary moves_with move_with hand_to_hand alike similar similarly correlation "
    "correlations correlate~ correlated relation relations related relationship relationships together linked link "
    "links associate~ association associations linear linearly co_move~ comove~ comovement co_movement depend~ "
    "dependent dependence in_step in_sync in_tandem hand_in_hand parallel synchronized synchronous coefficient "
    "pearson connected connection statistical_link statistical_relationship "
    "tied track~ mirror~ same_direction go_together goes_together tie follow~ coupled",
    "rank": "rank~ ranking sort~ order~ comes_first come_first comes_last come_last comes_out_on_top leads "
    "lead leading ahead first_place tops top dominate~ win~ winner first league number_one",
    "series": "series column columns variable variables id ids item items store stores shop shops product "
    "products sensor sensors one ones them these those of_them region regions site sites station stations channel "
    "channels currency currencies all feature features dataset field fields lot bunch group",
    "who": "who whose who's",
    "list": "list names name called available there exist",
    # Other words with a meaning of their own.
    "not": "not n't never no none neither nothing nowhere",
    "ever": "ever at_all at_any_time at_any_point once already any_time anytime",
    "again": "again",
    "level": "level levels",
}
# Nouns of what is measured, which every question may have.
MEASURE = (
    "amount amounts chart column columns content contents curve data data_point data_points data_set data_sets "
    "database datapoint datapoints dataset datasets datum element elements entries entry figure figures file graph "
    "historical historically history index item level levels line log magnitude measure measured measurement "
    "measurements metric no nr number numbers observation observations observed period periods plot point points "
    "position positions quantities quantity reading readings record recorded records result results row rows "
    "sample samples score series set sets sheet size slot slots spreadsheet stat statistic statistics stats step "
    "steps table time_series timeseries value values variable"
)
PLAIN = (
    "analyse behaviour labelled realise summarise "  # codespell:ignore
    "a a_sense able about above_what above_which absolutely accurate accurately across actual actually "
    "additionally after_all after_the_final_value after_the_last_one after_the_last_value after_the_latest_value "
    "again ah all all_along all_the_time all_time allow allows almost alongside already alright also although "
    "am amazing amid among amongst amount amounted an analyses analysis analyze analyzed and and_then "
    "another another_thing answer answered answers any anybody anymore anyone anything anyway anyways anywhere "
    "apparently appear appeared appears applied applies apply approx approximately are arise arises arose around "
    "arrive arrived as as_a_whole as_expected as_far_as as_of as_such as_well as_yet asap ask asking assume "
    "assuming at at_all at_any_time at_hand at_that at_the_same_time attempt available away awesome back ballpark "
    "base based baseline basic basically basis be became become becomes been behavior being believe belong belongs "
    "below_what below_which beside big_picture bit both bottom_line brief briefly brilliant bring brings brought "
    "btw bunch business but but_also by by_far by_how by_how_much by_now by_what calc calcs calculate calculated "
    "calculates calculating calculation call called calls came can can_you capture captured captures carries carry "
    "cell cells certain certainly check checked checking checks cheers chunk cite clearly clock clocked clue "
    "coincide collect collected come come_up comes coming complete completely comprise comprised comprises "
    "computation compute computed computes concerned concerning confirm confirmed confirms consider considered "
    "considering considers consist contain contained contains continue continues convey correct correctly could "
    "could_you course cover covering crunch csv cumulative curiosity curious current currently d dashboard dataset "
    "datasource date day's deal definitely deliver delivered delivers denote denotes derive derived derives "
    "describe described detail detailed details detect detected detection determine determined determines did "
    "different dig discover discovered display displayed displays ditto do do_able do_you_know do_you_mind does "
    "does_that_mean done due during e.g easily easy effect eg eh either else else's emerge emerged emerges "
    "encounter encountered end end_up ended ended_up ends_up enough enter entered entire entirely er essentially "
    "establish estimation etc evaluate evaluated even_if eventually ever ever_so every_single every_value "
    "every_reading every_number every_figure every_entry everybody everyone "
    "everything everywhere exact exactly examine examined examines example excel excellent exist existed existing "
    "exists experience experienced express expressed extra extract extracted extracts eyeball fairly fall's "
    "fall_below_which fall_on falls_on far far_as fashion feel fell_on fetch fetches figure figure_for figure_out "
    "file's final finally find find_out finds fine first_hand first_of_all first_off fit flag flagged folks folks' "
    "following for for_me forget forgot forgotten form former found frankly from full fully further fyi gave "
    "general genuine get gets getting gimme gist give give_me given gives giving glad glance go goes going "
    "going_on gone good good_afternoon good_evening good_morning got gotta gotten grab grabs grateful great guess "
    "guesses had hand handle happen happen_to happened happening happens has have having he headline hear heard "
    "held hello help helped helps hence her here here's hey hi highlight him his historic historically history hm "
    "hmm hold holding holds honestly hope hopefully hoping horizon_of how how'd how's how_do how_does how_far "
    "how_much how_strongly how_would however huge hullo i i'd i'll i'm i've i.e i_have i_mean i_need i_want "
    "i_would idea identified identifies identify ie if if_any if_at_all if_possible if_so imagine impression in "
    "in_all_that in_any in_fact in_history in_my in_our in_question in_relation in_store in_terms_of in_the "
    "in_the_data in_the_end in_the_record in_there incredibly include includes included indeed indicate indicated "
    "indicates individual info "
    "information inside inspect instances instant instead interested interesting interval into is is_below_which "
    "is_it isn't isn't_it it it'd it'll it's its itself just just_now keep keeping keeps kept kind kinda kindly "
    "kinds know known knows label labeled land land_on landed lands last late later lay learn least leave leaving "
    "lemme let let's let_me_know let_us lets lie lie_below_what lie_below_which lies lies_below_which like liked "
    "likewise list listed listen lists literally little locate log logged logs long_run long_story look look_up "
    "looked looking looks lookup lot lovely lying made main mainly make makes making manner many mark marked marks "
    "massive mate math may maybe me mean's meant meanwhile measure measured measures mention mentioned mentions "
    "merely midnight might mind minded mine mm model moment more more_exactly more_or_less more_precisely moreover "
    "most most_definitely most_likely much must my myself n't_it name named namely names nearly necessarily "
    "necessary need needed needs neither nevertheless next_question next_to nice no_clue no_idea no_matter "
    "none_the_less nonetheless not_only not_sure notice noticed notion now now_then num nums o o'clock obs observe "
    "observed obtain obtained obtains obvious obviously occur occurred occurrence occurrences occurring occurs of "
    "of_all_time oh ok okay on on_file on_record on_the_whole once_more one "
    "one_left ones_left is_left are_left one_more one_more_time one_of ones "
    "only onto or or_not or_so ought our ours out out_of out_there output outputs over over_the over_the_whole "
    "overall own part particular particularly past per per_row per_se perfectly performance perhaps period "
    "personally pertaining pick picture piece pieces pinpoint place placed places plain plainly please pls plss "
    "plz point point_out point_to pointed points points_to politely pop portion possess possible possibly post "
    "posted posts precise precisely present presented presents presumably pretty previous previously print printed "
    "prints probably produce produced produces proper properly provide provided provides pull pulled pulls purely "
    "put puts qty quantified quantify queries query question questions quick quick_look quickly quite quote quoted "
    "quotes r ran rather read read_off reading reads reads_off ready real realize really reasonable recall reckon "
    "record recorded recording reference regard regarding regardless regards region register registered registers "
    "regular regularly relate relates relating relation relevant remain remained remaining remains remember remind "
    "reminder reply report reported reportedly reports representative request requesting requests require required "
    "requires research respect respectively respond response retrieve retrieved retrieves return returned returns "
    "reveal right right_then rough roughly run run_up running running_at runs s said sake same sample sampled sat "
    "save saved saw say says scenario scope scopes scored scores scoring search section sections see seeking seem "
    "seemed seems seen sees segment segments sense separate series' seriously set sets shall share she short "
    "should show show_me showed showing shown shows side sides simple simply single sit sits sitting slightly "
    "smart so so_far so_far_on so_then some somebody somehow something sometime sometimes somewhat somewhere "
    "somewhere_else soon sorry sort sorta sorts speak speaking special specific specifically specified specifies "
    "specify spit spoken spot spots spotted stage stand standing stands state stated states stay stayed staying "
    "stays stick still stood store stored stretch_of_time studies study stuff such summarize summary summary_of "
    "super supplied supplies supply suppose sure surely switch t tag tagged take taken takes taking talk talking "
    "tell tell_me telling tells terms test tested testing tests than thank thank_you thanks that that's the "
    "the_whole_time their them "
    "themselves then there there's therefore these they they've thing things think thinks this tho those though "
    "thought through throughout throw thus thus_far thx till_now time time_line timeframe timeline times to to_come "
    "to_date to_the to_this_day today together told too took total's toward towards track tracked tried tries true "
    "truly try trying ts turn turn_out turned turned_out turns turns_out ty type types typical u uh ultimately um "
    "understand unfortunately until_now up up_there up_till_now up_to_now up_until_now upon ur us use used useful "
    "uses using usual usually val vals verified verifies verify very via view viewed views visible viz wait wanna "
    "want wanted wants was was_it watch watched watching way ways we we'd we're we've we_have weigh well well_then "
    "what_left "
    "went were what what're what's what_about whatever when when's when_it_comes_to whenever where where's whereas "
    "wherever whether whether_or_not which which_one while whilst who'd whole whopping will will_you window "
    "windows wise wish with with_regard with_respect_to within witness witnessed wonder wondered wonderful "
    "wondering word words work work_out workbook worked works worksheet would would_you write writes written "
    "wrongly wrote wrt ya yeah yep yes yet yield yielded yields you you'd you've you're you'll they've they're "
    "they'd you_have you_mean your yours yourself"
)


def _forms(word: str) -> Iterator[str]:
    """A word and its forms with -s, -ed and -ing."""
    stem = word.removesuffix("e")
    yield word
    if word.endswith("y") and word[-2] not in "aeo":
        yield from (f"{word[:-1]}ies", f"{word[:-1]}ied")
    else:
        yield from (f"{word}{'es' if word.endswith(('s', 'sh', 'ch', 'x', 'o')) else 's'}", f"{stem}ed")
    yield f"{stem}ing"
    if word[-1] in "bgmnprt" and word[-2] in "aeiou":
        yield from (f"{word}{word[-1]}ed", f"{word}{word[-1]}ing")


@lru_cache(maxsize=1)
def _phrases() -> dict[str, list[tuple[tuple[str, ...], frozenset[str]]]]:
    """First word -> phrases that begin with it, the longest first, with their classes."""
    classes: dict[tuple[str, ...], set[str]] = {}
    for name, entries in {**CLASSES, "measure": MEASURE, "plain": PLAIN}.items():
        for entry in entries.split():
            parts = entry.replace("-", "_").split("_") if len(entry) > 1 else [entry]
            place = next((k for k, part in enumerate(parts) if part.endswith("~")), 0)
            forms = _forms(parts[place].removesuffix("~")) if parts[place].endswith("~") else iter((parts[place],))
            for form in forms:
                classes.setdefault((*parts[:place], form, *parts[place + 1 :]), set()).add(name)
    found: dict[str, list[tuple[tuple[str, ...], frozenset[str]]]] = {}
    for words, names in classes.items():
        found.setdefault(words[0], []).append((words, frozenset(names)))
    for phrases in found.values():
        phrases.sort(key=lambda phrase: -len(phrase[0]))
    return found


class Lexeme(NamedTuple):
    """A word of a question, or  of one meaning, and the classes that it is of; none for an unknown one."""

    text: str
    classes: frozenset[str]


@lru_cache(maxsize=1)
def lone_words() -> frozenset[str]:
    """Words of the lexicon that have a class without others beside them."""
    return frozenset(words[0] for phrases in _phrases().values() for words, _ in phrases if len(words) == 1)


@lru_cache(maxsize=1)
def single_words() -> frozenset[str]:
    """All words of the lexicon."""
    return frozenset(word for phrases in _phrases().values() for words, _ in phrases for word in words)


def lexemes(words: Sequence[str]) -> list[Lexeme]:
    """Split words into the longest phrases of the lexicon; "n't" at the end of a word is a word of its own."""
    plain: list[str] = []
    for word in words:
        negated = word.endswith("n't") and word != "won't"
        plain += [{"ca": "can"}.get(word[:-3], word[:-3]), "n't"] if negated else [word]
    found: list[Lexeme] = []
    i, phrases = 0, _phrases()
    while i < len(plain):
        for phrase, classes in phrases.get(plain[i], ()):
            if tuple(plain[i : i + len(phrase)]) == phrase:
                found.append(Lexeme(" ".join(phrase), classes))
                i += len(phrase)
                break
        else:
            is_ordinal = plain[i][0].isdigit() and plain[i][-2:] in ("st", "nd", "rd", "th")  # codespell:ignore nd
            found.append(Lexeme(plain[i], frozenset(("ordinal",)) if is_ordinal else frozenset()))
            i += 1
    return found


def class_names(word: str) -> frozenset[str]:
    """Classes of a single word."""
    return next((classes for phrase, classes in _phrases().get(word, ()) if len(phrase) == 1), frozenset())
