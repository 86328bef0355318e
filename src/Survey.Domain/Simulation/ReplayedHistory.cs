namespace Survey.Domain;

/// <summary>A history under a configuration, as far as the rules make a difference.</summary>
/// <remarks>
/// The store has the latest row of a transaction, not those before it: where a dealer corrected a date, or a relay put a mail off, the
/// rules alone do not lead to the day on record. Under the policy that decided what is on record, what happened is what would happen. So
/// another configuration changes something for a customer only where the rules lead elsewhere under it than under the one in force.
/// </remarks>
/// <param name="customers">Their facts.</param>
/// <param name="current">The configuration in force, replayed.</param>
/// <param name="chosen">The one that is asked about, replayed; the same where that is the one.</param>
public sealed class ReplayedHistory(SimulatedCustomers customers, Simulation current, Simulation chosen)
{
    /// <summary>What becomes of a customer.</summary>
    public SimulatedOutcome OutcomeOf(int customer)
    {
        var now = current.OutcomeOf(customer);
        var then = ReferenceEquals(current, chosen) ? now : chosen.OutcomeOf(customer);
        return then.IsLike(now) && customers.IsOfPolicyOfToday(customer) ? customers.RealityOf(customer) : then;
    }

    /// <summary>Of all who were contacted under the policy of today: how many, and for how many of them the rules alone lead to the days on record.</summary>
    public static (long Contacted, long Explained) Compare(SimulatedCustomers customers, Simulation current)
    {
        long contacted = 0, explained = 0;
        for (var i = 0; i < customers.Count; i++)
        {
            var (real, replayed) = (customers.RealityOf(i), current.OutcomeOf(i));
            if (customers.IsOfPolicyOfToday(i) && !(real.IsLike(default) && replayed.IsLike(default)))
            {
                contacted++;
                explained += real.IsLike(replayed) ? 1 : 0;
            }
        }

        return (contacted, explained);
    }
}
