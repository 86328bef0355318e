using Survey.Domain;

namespace SurveyDispatcher.Reports;

/// <summary>All figures of a market, or of one dealer in it, for a period: what <c>report</c> writes. No names of customers, no words of theirs.</summary>
/// <param name="Market">The code.</param>
/// <param name="MarketName">Its name in the programme.</param>
/// <param name="Dealer">Whose report it is; null: the market's, with every dealer.</param>
/// <param name="Period">The months of the events.</param>
/// <param name="AsOf">The day of the last cycle in the market: what came in later is not in it.</param>
/// <param name="Week">The week of the problem sheets: the last full one of the period; null where none of its weeks is over.</param>
/// <param name="MinimumResponses">Fewer are shown, marked, and not ranked.</param>
/// <param name="Surveys">Those that the market offers.</param>
/// <param name="Quality">What was received: a line for each dealer and system, or for this dealer's alone.</param>
public sealed record Report(
    string Market, string MarketName, DealerName? Dealer, Period Period, DateOnly AsOf, IsoWeek? Week, int MinimumResponses, IReadOnlyList<SurveyFigures> Surveys,
    IReadOnlyList<QualityLine> Quality);

/// <summary>A dealer as the register names him; name and region are empty where it doesn't.</summary>
public sealed record DealerName(string Code, string Name, string Region);

/// <summary>One survey's figures.</summary>
/// <param name="Survey">Sales or service.</param>
/// <param name="Questionnaire">The newest version: what items are called.</param>
/// <param name="Nation">The whole market.</param>
/// <param name="Regions">By name, in a dealer's report his own alone; empty where the register has none.</param>
/// <param name="Dealers">In the market's report every dealer with a case or a response in the period, by rank, then by code; in a dealer's report he alone.</param>
/// <param name="Others">In a dealer's report the scores of the ranked others in the market, if there are several, without a name, from the best: to show where he stands. Else empty.</param>
/// <param name="Course">The last 12 months up to the period's end, of the market, or of the dealer.</param>
/// <param name="NationCourse">In a dealer's report the market's, to compare, without the months that may not be shown; else empty.</param>
/// <param name="Problems">The sheet of the report's week; null where nobody was reached in it or in the three before.</param>
/// <param name="ItemCourses">The four weeks of the items that head the sheet, by their order there.</param>
public sealed record SurveyFigures(
    SurveyKind Survey, Questionnaire Questionnaire, Group Nation, IReadOnlyList<Group> Regions, IReadOnlyList<DealerFigures> Dealers, IReadOnlyList<Score> Others,
    IReadOnlyList<MonthFigures> Course, IReadOnlyList<MonthFigures> NationCourse, ProblemSheet? Problems, IReadOnlyList<ItemCourse> ItemCourses);

/// <summary>A nation or a region.</summary>
/// <param name="Name">The region's; empty: the market.</param>
/// <param name="Score">Its scores; null in a report of a dealer where they would tell those of one other (<see cref="Disclosure"/>).</param>
/// <param name="Rates">Its outcome rates; null in the same case.</param>
/// <param name="Dealers">How many dealers have a response in it.</param>
/// <param name="Ranked">How many of them are ranked.</param>
public sealed record Group(string Name, Score? Score, OutcomeRates? Rates, int Dealers, int Ranked);

/// <summary>A dealer's scores and where he stands.</summary>
/// <param name="Dealer">Who.</param>
/// <param name="Score">His scores.</param>
/// <param name="InNation">His rank in the market; its key is the dealer's code.</param>
/// <param name="InRegion">His rank in his region; null where he is in none.</param>
/// <param name="Rates">His outcome rates.</param>
public sealed record DealerFigures(DealerName Dealer, Score Score, Standing InNation, Standing? InRegion, OutcomeRates Rates);

/// <summary>A month of events.</summary>
/// <param name="Month">Its first day.</param>
/// <param name="Score">Its scores.</param>
public sealed record MonthFigures(DateOnly Month, Score Score);

/// <summary>One item over four weeks.</summary>
public sealed record ItemCourse(string Question, IReadOnlyList<CourseWeek> Weeks);

/// <summary>What one dealer's system has sent in the period: what he must mend to be heard.</summary>
/// <param name="Dealer">Who.</param>
/// <param name="Source">The dealer system, by the name of its description in <c>config/sources/</c>.</param>
/// <param name="New">Transactions that came for the first time.</param>
/// <param name="Rejected">Rows that could not be understood, each once, by reason.</param>
/// <param name="ScreenedOut">Of the new transactions, by the reason of the first verdict.</param>
/// <param name="EmailGiven">Of the new ones.</param>
/// <param name="EmailUsable">Valid and no placeholder.</param>
/// <param name="EmailPlaceholder">Such as noemail@...</param>
/// <param name="PhoneGiven">Of the new ones.</param>
/// <param name="PhoneUsable">A number by the market's rule.</param>
/// <param name="Mailed">Cases with an invitation that was accepted or rejected.</param>
/// <param name="Bounced">Of these, rejected or returned.</param>
/// <param name="Signs">What stands out against the other dealers of the market, the surest first.</param>
public sealed record QualityLine(
    DealerName Dealer, string Source, long New, IReadOnlyDictionary<string, long> Rejected, IReadOnlyDictionary<string, long> ScreenedOut, long EmailGiven, long EmailUsable,
    long EmailPlaceholder, long PhoneGiven, long PhoneUsable, long Mailed, long Bounced, IReadOnlyList<QualitySign> Signs);
