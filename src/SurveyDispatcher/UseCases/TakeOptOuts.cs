using Survey.Domain;
using SurveyDispatcher.Files;
using SurveyDispatcher.Storage;

namespace SurveyDispatcher.UseCases;

/// <summary>Takes opt-outs: <c>kind,value</c>, the value an address, a number or a case id.</summary>
/// <remarks>
/// A number in national form is suppressed in every market in which it is a number: the file does not say which one is
/// meant, and a no that is honoured too widely does less harm than one that is missed.
/// </remarks>
internal sealed class TakeOptOuts(CycleContext context) : IRowTaker
{
    private int kind;
    private int value;

    public IReadOnlyList<string> Required { get; } = ["kind", "value"];

    public void Begin(CsvInput input) => (kind, value) = (input.IndexOf("kind"), input.IndexOf("value"));

    public RowResult Take(CsvRow row, long fileId)
    {
        var (mode, who) = (row.Cell(kind), row.Cell(value));
        if (mode.Length == 0 || who.Length == 0)
        {
            return RowResult.Rejected("missing_value", mode.Length == 0 ? "kind" : "value", "");
        }

        if (mode is not ("email" or "phone" or "all"))
        {
            return RowResult.Rejected("bad_code", "kind", mode);
        }

        if (Hashes(mode, who) is not { } hashes)
        {
            return RowResult.Rejected(CaseId.TryParse(who, out _, out _) ? "unknown_case" : "bad_value", "value", who);
        }

        foreach (var hash in hashes)
        {
            if (context.Cases.Suppress(hash, mode == "all" ? Suppression.All : Suppression.OptOut, context.AsOf.Day) && mode == "phone")
            {
                // The vendor may have the number on a list, and no list is taken back by number: the customer's case is.
                foreach (var called in context.Cases.WithVendor(hash))
                {
                    context.Record(called, new CaseEvent.Ended(context.TodayIn(called.Market), CloseReasons.OptedOut));
                }
            }
        }

        context.Counts.OptOuts++;
        return context.Erased.Any && context.Erased.Names(who) ? RowResult.NewOfErased : RowResult.New;
    }

    /// <summary>The contact points that are meant; none for a placeholder, null when the value is nothing that we know.</summary>
    private IReadOnlyList<long>? Hashes(string mode, string who)
    {
        if (context.Cases.Find(who) is { } row)
        {
            var (email, phone1, phone2) = context.HashesOf(row);
            if ((email, phone1, phone2) == default)
            {
                // Retention has removed what they were hashes of: nobody can say which is the address. A no is honoured too widely rather than missed.
                return context.Cases.OldPointsOf(row.Id);
            }

            return mode switch
            {
                "email" => [.. CaseStore.Set((email, 0, 0))],
                "phone" => [.. CaseStore.Set((0, phone1, phone2))],
                _ => [.. CaseStore.Set((email, phone1, phone2))],
            };
        }

        if (mode != "phone" && EmailAddress.Parse(who) is { } address)
        {
            return context.Config.Programme.Placeholders.Matches(address) ? [] : [context.Vault.Hash(address)];
        }

        var rules = context.Config.Programme.DiallingRules;
        var numbers = rules.Select(home => PhoneNumber.Parse(who, home, rules)).OfType<PhoneNumber>().Distinct().ToList();
        return mode != "email" && numbers.Count > 0 ? numbers.ConvertAll(context.Vault.Hash) : null;
    }
}
